"""Whether a data set needs anything quantum: audits of data, and of a model on them."""
