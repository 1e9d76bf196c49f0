"""Stego files made by the programs that people use, and clean counterparts that went through the same encoder.

None of the programs is a dependency: those that a machine has are used. The clean counterpart of a file is what its
program would have written without a payload.
"""
