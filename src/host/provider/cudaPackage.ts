/**
 * ONNX Runtime's own package with the CUDA provider, as onnxruntime-node's `script/install-metadata.js` names it: its
 * installation fetches the same files from the same place. A test holds this to that file.
 */
export const CUDA_PACKAGE = {
  feed: 'https://api.nuget.org/v3/index.json',
  name: 'Microsoft.ML.OnnxRuntime.Gpu.Linux',
  /** Folder of the libraries in the package. */
  folder: 'runtimes/linux-x64/native',
} as const;
