"""Text to vectors to calibrated scores per code."""
