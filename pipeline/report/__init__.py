"""What the council reads: tables as files and one self-contained page, in Dutch."""
