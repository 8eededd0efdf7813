/** The words of the file format that the graph is spoken of in, for the rooms that do not know files. */
export { inMemory, type StoredTensor, type ValueInfo } from '../checkpoint/model.js';
