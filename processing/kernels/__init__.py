"""Arrays in, arrays out: the arithmetic of the platform, compiled by Numba.

Kernels import numpy, math and their compile policy, nothing else. A kernel and the functions it calls live in
one file: Numba's cache does not see a change in another file.
"""
