import { LensError } from '../base/errors.js';

/** Files that are often taken for a model, known by their first bytes: the refusal says what the file really is. */
export function refuseOtherFormats(head: Uint8Array, size: number): void {
  const other = otherFormat(head, size);
  if (other !== undefined) throw new LensError('input', other.code, other.sentence, { hint: other.hint });
}

interface Refusal {
  readonly code: string;
  readonly sentence: string;
  readonly hint: string;
}

const PYTORCH = 'Export the model with torch.onnx.export(model, example, "model.onnx").';

function otherFormat(head: Uint8Array, size: number): Refusal | undefined {
  if (size === 0) {
    return {
      code: 'checkpoint/empty',
      sentence: 'The model file is empty.',
      hint: 'Copy or export the model again; an interrupted download often leaves an empty file.',
    };
  }
  const text = new TextDecoder('latin1').decode(head);
  const trimmed = text.trimStart().toLowerCase();
  if (text.startsWith('version https://git-lfs.github.com/spec/')) {
    return {
      code: 'checkpoint/git-lfs',
      sentence: 'This is a Git LFS pointer, not the model itself.',
      hint: 'Run "git lfs pull" in the repository to fetch the real file.',
    };
  }
  if (trimmed.startsWith('<!doctype') || trimmed.startsWith('<html') || trimmed.startsWith('<?xml')) {
    return {
      code: 'checkpoint/not-onnx',
      sentence: 'This is a web page, not a model.',
      hint: 'The download led to a page instead of the file: download it again from the raw link.',
    };
  }
  if (text.startsWith('PK\u0003\u0004')) {
    return /data\.pkl|\.format_version|constants\.pkl/.test(text)
      ? { code: 'checkpoint/not-onnx', sentence: 'This is a PyTorch checkpoint, not an ONNX model.', hint: PYTORCH }
      : {
          code: 'checkpoint/not-onnx',
          sentence: 'This is a zip archive, not an ONNX model.',
          hint: `Unpack it and open the .onnx file inside. If it is a PyTorch checkpoint: ${PYTORCH}`,
        };
  }
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5) {
    return {
      code: 'checkpoint/not-onnx',
      sentence: 'This is a Python pickle (perhaps a PyTorch checkpoint), not an ONNX model.',
      hint: PYTORCH,
    };
  }
  if (text.startsWith('\u0089HDF')) {
    return {
      code: 'checkpoint/not-onnx',
      sentence: 'This is an HDF5 file (perhaps a Keras model), not an ONNX model.',
      hint: 'Convert it with tf2onnx.',
    };
  }
  if (text.startsWith('\u001f\u008b')) {
    return {
      code: 'checkpoint/not-onnx',
      sentence: 'This is a gzip archive, not an ONNX model.',
      hint: 'Unpack it and open the .onnx file inside.',
    };
  }
  if (text.slice(4, 8) === 'TFL3') {
    return {
      code: 'checkpoint/not-onnx',
      sentence: 'This is a TensorFlow Lite model, not an ONNX model.',
      hint: 'Convert it with tf2onnx --tflite.',
    };
  }
  if (text.slice(4, 8) === 'ORTM') {
    return {
      code: 'checkpoint/not-onnx',
      sentence: "This is a model in ONNX Runtime's own .ort format, not an ONNX file.",
      hint: 'Open the .onnx file it was made from.',
    };
  }
  if (/^.{8}\{"/s.test(text) && /"dtype"|__metadata__/.test(text)) {
    return {
      code: 'checkpoint/not-onnx',
      sentence: 'This is a safetensors file: it holds weights but no network.',
      hint: PYTORCH,
    };
  }
  if (/^\s*(ir_version|graph|producer_name|opset_import)\s*[:{]/.test(text)) {
    return {
      code: 'checkpoint/not-onnx',
      sentence: 'This is an ONNX model in text form.',
      hint: 'Save it as binary with onnx.save(onnx.load("model.textproto", format="textproto"), "model.onnx").',
    };
  }
  return undefined;
}
