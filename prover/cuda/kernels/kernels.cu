// All kernels, in one piece: what is compiled for devices, and for the host that tests them.
#include "msm.cuh"
#include "vectors.cuh"
