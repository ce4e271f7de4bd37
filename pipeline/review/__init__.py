"""Human review: which answers, to Label Studio and back, how well coders agree, and how far they are."""
