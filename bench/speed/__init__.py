"""`audit` beside the least that its work can cost, and beside its peers."""
