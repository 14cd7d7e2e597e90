"""What people run beside the product, in a folder for each purpose. Run modules from the top: `python3 -m tools.…`."""
