/* Stands in for the libraries of CUDA where there is no GPU: says that there is a device, gives memory of the CPU, and computes nothing. With it ONNX Runtime's
 * CUDA provider loads and decides which nodes it takes, which is all that build.ts is for; a result of a model is meaningless. Signatures: CUDA 13 (docs.nvidia.com/cuda). */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int make(void **handle) {
  *handle = calloc(1, 64);
  return *handle == NULL ? 2 : 0;
}
static int nothing(void) { return 0; }

int cudaGetDeviceCount(int *count) { *count = 1; return 0; }
int cudaGetDevice(int *device) { *device = 0; return 0; }
int cudaRuntimeGetVersion(int *version) { *version = 13000; return 0; }
int cudaDriverGetVersion(int *version) { *version = 13000; return 0; }
const char *cudaGetErrorString(int error) { (void)error; return "an error of the stand-in"; }
const char *cudaGetErrorName(int error) { (void)error; return "cudaErrorStandIn"; }

/* Fields of cudaDeviceProp by their offsets: an H100 as far as ONNX Runtime asks. */
int cudaGetDeviceProperties(char *p, int device) {
  (void)device;
  memset(p, 0, 800);
  strcpy(p, "stand-in without a GPU");
  *(size_t *)(p + 288) = (size_t)80 << 30; /* totalGlobalMem */
  *(size_t *)(p + 296) = 49152;            /* sharedMemPerBlock */
  *(int *)(p + 304) = 65536;               /* regsPerBlock */
  *(int *)(p + 308) = 32;                  /* warpSize */
  *(int *)(p + 320) = 1024;                /* maxThreadsPerBlock */
  *(int *)(p + 324) = 1024;                /* maxThreadsDim */
  *(int *)(p + 328) = 1024;
  *(int *)(p + 332) = 64;
  *(int *)(p + 336) = 2147483647; /* maxGridSize */
  *(int *)(p + 340) = 65535;
  *(int *)(p + 344) = 65535;
  *(int *)(p + 360) = 9;   /* major */
  *(int *)(p + 384) = 132; /* multiProcessorCount */
  return 0;
}
int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  (void)device;
  switch (attribute) {
    case 1: *value = 1024; break; /* maxThreadsPerBlock */
    case 10: *value = 32; break;  /* warpSize */
    case 16: *value = 132; break; /* multiProcessorCount */
    case 75: *value = 9; break;   /* computeCapabilityMajor */
    case 76: *value = 0; break;   /* computeCapabilityMinor */
    default: *value = 49152;
  }
  return 0;
}
int cudaMemGetInfo(size_t *free_, size_t *total) { *free_ = (size_t)78 << 30; *total = (size_t)80 << 30; return 0; }

int cudaMalloc(void **p, size_t size) {
  *p = aligned_alloc(256, (size + 511) / 256 * 256);
  return *p == NULL ? 2 : 0;
}
int cudaMallocHost(void **p, size_t size) { return cudaMalloc(p, size); }
int cudaHostAlloc(void **p, size_t size, unsigned flags) { (void)flags; return cudaMalloc(p, size); }
int cudaMallocFromPoolAsync(void **p, size_t size, void *pool, void *stream) { (void)pool; (void)stream; return cudaMalloc(p, size); }
int cudaFree(void *p) { free(p); return 0; }
int cudaFreeHost(void *p) { free(p); return 0; }
int cudaFreeAsync(void *p, void *stream) { (void)stream; free(p); return 0; }
int cudaMemcpy(void *to, const void *from, size_t size, int kind) { (void)kind; memmove(to, from, size); return 0; }
int cudaMemcpyAsync(void *to, const void *from, size_t size, int kind, void *stream) { (void)stream; return cudaMemcpy(to, from, size, kind); }
int cudaMemset(void *p, int value, size_t size) { memset(p, value, size); return 0; }
int cudaMemsetAsync(void *p, int value, size_t size, void *stream) { (void)stream; return cudaMemset(p, value, size); }

int cudaStreamCreate(void **p) { return make(p); }
int cudaStreamCreateWithFlags(void **p, unsigned flags) { (void)flags; return make(p); }
int cudaStreamIsCapturing(void *stream, int *status) { (void)stream; *status = 0; return 0; }
int cudaEventCreate(void **p) { return make(p); }
int cudaEventCreateWithFlags(void **p, unsigned flags) { (void)flags; return make(p); }
int cudaEventElapsedTime(float *ms, void *a, void *b) { (void)a; (void)b; *ms = 1; return 0; }
int cudaMemPoolCreate(void **p, const void *properties) { (void)properties; return make(p); }
int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, const void *f, int size, size_t shared, unsigned flags) {
  (void)f; (void)size; (void)shared; (void)flags;
  *blocks = 2;
  return 0;
}
int cudaGetDriverEntryPointByVersion(const char *name, void **entry, unsigned version, unsigned long long flags, int *status) {
  (void)name; (void)version; (void)flags;
  *entry = (void *)nothing;
  if (status != NULL) *status = 0;
  return 0;
}
void **__cudaRegisterFatBinary(void *binary) { static void *handle[16]; (void)binary; return handle; }

int cublasCreate_v2(void **p) { return make(p); }
int cublasLtCreate(void **p) { return make(p); }
int cublasGetMathMode(void *handle, int *mode) { (void)handle; *mode = 0; return 0; }
const char *cublasGetStatusName(int status) { (void)status; return "CUBLAS_STATUS_STAND_IN"; }
const char *cublasGetStatusString(int status) { (void)status; return "an error of the stand-in"; }

int cudnnCreate(void **p) { return make(p); }
size_t cudnnGetVersion(void) { return 91400; }
size_t cudnnGetCudartVersion(void) { return 13000; }
const char *cudnnGetErrorString(int status) { (void)status; return "an error of the stand-in"; }
