"""Values and gradients at given angles where nothing exact fits: what is cut off is looked at again by a larger one."""
