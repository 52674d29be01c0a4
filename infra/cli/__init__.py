"""`bank`: what an operator does by hand, where there is no screen. `./bank --help` lists the commands.

Works on the stack in the cloud that BANK_STACK names, or the tables and queues that the environment names
(TABLE_PREFIX and so on), or, where there is neither, on the running local bank. Ends with 0 when all is well, 1 when
something is found broken, 2 when it was refused or cannot be carried out, 3 when something is still pending or was not
decided.
"""
