"""Words every room shares; NumPy is the only import below them."""
