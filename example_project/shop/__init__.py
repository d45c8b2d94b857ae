"""Inkwell: a small writing tool that sells a plan and a book."""
