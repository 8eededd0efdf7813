/** An RGB picture, 8 bits per channel, rows from the top, no padding: `data.length = 3 × width × height`. */
export interface Rgb {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * The part of the original picture that the model sees, in pixels of the original (after EXIF rotation). It is wider than
 * the original where the picture was padded: then `left` or `top` is negative.
 */
export interface Crop {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Size of the original picture. */
  readonly originalWidth: number;
  readonly originalHeight: number;
}

/**
 * Pixels painted over a picture as the model sees it: red, green, blue and opacity of each, rows from the top,
 * `data.length = 4 × width × height`. Where the opacity is 0 the picture is as it was.
 */
export interface PictureEdit {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** How many pixels an edit changes. */
export function editedPixels({ data }: PictureEdit): number {
  let count = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 0) count++;
  return count;
}
