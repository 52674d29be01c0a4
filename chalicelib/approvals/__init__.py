"""Whatever needs two people: one asks, another decides, and what was approved is what is done, once."""
