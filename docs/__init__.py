"""The pages a developer and an operator read, and the module that writes those that come from code."""
