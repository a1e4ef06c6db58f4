"""Invented national data with known truth, and what is measured on them."""
