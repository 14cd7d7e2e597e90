"""What people run besides the product: one folder for each purpose. Modules are run from the top, `python3 -m tools.…`."""
