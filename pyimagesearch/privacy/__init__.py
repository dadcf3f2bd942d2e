"""Privacy: blackened regions of pictures, and cameras switched off."""
