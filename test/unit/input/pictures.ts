import { createHash } from 'node:crypto';
import { Random } from '../../../src/base/random.js';
import type { Raster } from '../../../src/input/resize.js';
import type { Interpolation, Preprocessing, Setting } from '../../../src/input/settings.js';

/** Seeded noise: the same picture on every machine, so that hashes computed once with Pillow stay true. */
export function noise(seed: number, height: number, width: number, channels: 1 | 3): Raster {
  const random = new Random(seed);
  const data = new Uint8Array(height * width * channels);
  for (let i = 0; i < data.length; i++) data[i] = random.uint32() >>> 24;
  return { width, height, channels, data };
}

/** The first 16 hex digits of the SHA-256. */
export function sha(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex').slice(0, 16);
}

type Values = { readonly [K in keyof Preprocessing]: Preprocessing[K]['value'] };

/** A plan in which everything comes from the test. */
export function planOf(values: Partial<Values> & Pick<Values, 'size'>): Preprocessing {
  const channels = values.channels ?? 3;
  const all: Values = {
    layout: 'NCHW',
    channels,
    color: channels === 1 ? 'gray' : 'RGB',
    resize: { mode: 'exact', size: values.size, interpolation: 'bilinear' },
    crop: 'none',
    range: [0, 1],
    mean: new Array<number>(channels).fill(0),
    std: new Array<number>(channels).fill(1),
    pad: [0, 0, 0],
    ...values,
  };
  const settings = Object.entries(all).map(([key, value]) => [key, setting(value)]);
  return Object.fromEntries(settings) as Preprocessing;
}

function setting<T>(value: T): Setting<T> {
  return { value, origin: { kind: 'default', detail: 'the test' } };
}

/** Small files written by Pillow 12.3, with the hash of the pixels it reads back as RGB, upright. */
export const pillowFiles: readonly { name: string; width: number; height: number; sha: string; base64: string }[] = [
  {
    name: '420.jpg',
    width: 13,
    height: 9,
    sha: '8de0fb13557be307',
    base64:
      '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAAJAA0DASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDJs9BwANnB9sf/AF624NB+TGzH47a1bP8A15/D+Va9n/qa5sTjKkZ8vm1939fIzyjMa3Kf/9k=',
  },
  {
    name: '444.jpg',
    width: 13,
    height: 9,
    sha: 'acdf95c759d83849',
    base64:
      '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAJAA0DAREAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDx7wT+zQIo41NoBGw4AQop4A4GNzDnkV9Lj+J44Sh7JtKlNaJJ04v3YxtGCTr1Y3k/aQbS6/DZx+W4R42cnF8+vrf/AIC8j3bw/wDs0FbIIbbYo5ALiHjnoMZI44zXxGL4nqUp+wdTkiruP72OG0ba92KTnKHurllUfNumk73/ALAyTja+Gvzfr/T9D1vwP/yGn/4B/wCgisMb/wAlhiv+4f8A6agf5U8JfwIf11PZPBH/ACCB+Ffzzwt/uS+R/ZuWfwT/2Q==',
  },
  {
    name: 'progressive.jpg',
    width: 13,
    height: 9,
    sha: '8de0fb13557be307',
    base64:
      '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wgARCAAJAA0DASIAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAABP/EABUBAQEAAAAAAAAAAAAAAAAAAAID/9oADAMBAAIQAxAAAAEjVrkf/8QAGBAAAwEBAAAAAAAAAAAAAAAAAAIDMQH/2gAIAQEAAQUCSByAmpn/xAAXEQADAQAAAAAAAAAAAAAAAAAAAgQR/9oACAEDAQE/AZKHw//EABgRAAIDAAAAAAAAAAAAAAAAAAEDAAIR/9oACAECAQE/AWOsDk//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAY/Ah//xAAZEAABBQAAAAAAAAAAAAAAAAAAECExYcH/2gAIAQEAAT8hpG4xV//aAAwDAQACAAMAAAAQW//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8QZ//EABkRAAEFAAAAAAAAAAAAAAAAAAEAcYGR8P/aAAgBAgEBPxB4iK0L/8QAHRAAAQQCAwAAAAAAAAAAAAAAAQARMYEQIWGx4f/aAAgBAQABPxBgARPDeqLraS11g//Z',
  },
  {
    name: 'grey.jpg',
    width: 13,
    height: 9,
    sha: '847a65060466d0a0',
    base64:
      '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//wAALCAAJAA0BAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AMmz0HAA2cH2x/8AXrbg0H5MbMfjtrVs/wDXn8P5Vr2f+pr/2Q==',
  },
  {
    name: 'cmyk.jpg',
    width: 13,
    height: 9,
    sha: '08def0e51ece8c12',
    base64:
      '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUGBKUVJP/8AAFAgACQANBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwDm/C38FZv/AAhn/TL9Kg2rbW/llVW2lXACoYUY7QuFUAyyLlvmU4H4YI9Or1rR/wDj0o/4Qz/pl+lSsjx4hL+Ugy6A3a2WQSRwoG5l44LHPX3yV5L4W/gr02tJf+R7vP8Atl/6KSivWtH/AOPSiuf8Jf8AIKH4UV//2Q==',
  },
  {
    name: 'exif6.jpg',
    width: 9,
    height: 13,
    sha: 'ae6cb670ac0738a3',
    base64:
      '/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAAJAA0DASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDJs9BwANnB9sf/AF624NB+TGzH47a1bP8A15/D+Va9n/qa5sTjKkZ8vm1939fIzyjMa3Kf/9k=',
  },
  {
    name: '1bit.png',
    width: 13,
    height: 9,
    sha: '23c53ad919036b78',
    base64:
      'iVBORw0KGgoAAAANSUhEUgAAAA0AAAAJAQAAAADBAZvHAAAAJElEQVR4nGNgEGDitGCyTmA6x8AY+pvpawQTdwDjtk8Mt38AAE1ZCDrRDtF2AAAAAElFTkSuQmCC',
  },
  {
    name: 'palette.png',
    width: 13,
    height: 9,
    sha: '06a479c0f03837ad',
    base64:
      'iVBORw0KGgoAAAANSUhEUgAAAA0AAAAJBAMAAAAbVLtZAAAAIVBMVEXSxIKMxGS0fnky0ocyqH8yfnbSOHuMOIC0AHIyOHYyAF1uiKsFAAAAP0lEQVR4nAXBMRGAMBAAsLT3AsAC8tGABQY2JiT0K4AWkrIb1+KOr5evN7Wvw6RKXuLgZNYEQsrSRHo0gm1IP9i+GDzusIOpAAAAAElFTkSuQmCC',
  },
  {
    name: 'paletteTransparent.png',
    width: 13,
    height: 9,
    sha: '06a479c0f03837ad',
    base64:
      'iVBORw0KGgoAAAANSUhEUgAAAA0AAAAJBAMAAAAbVLtZAAAAIVBMVEXSxIKMxGS0fnky0ocyqH8yfnbSOHuMOIC0AHIyOHYyAF1uiKsFAAAAA3RSTlP//wDXyg1BAAAAP0lEQVR4nAXBMRGAMBAAsLT3AsAC8tGABQY2JiT0K4AWkrIb1+KOr5evN7Wvw6RKXuLgZNYEQsrSRHo0gm1IP9i+GDzusIOpAAAAAElFTkSuQmCC',
  },
  {
    name: 'greyAlpha.png',
    width: 13,
    height: 9,
    sha: 'b8bbe88bfe5de238',
    base64:
      'iVBORw0KGgoAAAANSUhEUgAAAA0AAAAJCAQAAABDc27hAAAAX0lEQVR4nGWOuw3AMAgFLxLVo6QL+4/HCFgpbMWOIgo+4g4uUCg8FApFHbUlQginGOSqRWGJKAbNjSNE0TSJzaQVmxSWh26Ofa0s4dbNLhHWh2KTwrF8jw/yQ74f/skHHFEpFmyhWvcAAAAASUVORK5CYII=',
  },
  {
    name: 'rgba.png',
    width: 13,
    height: 9,
    sha: '4554cc7f76606bb6',
    base64:
      'iVBORw0KGgoAAAANSUhEUgAAAA0AAAAJCAYAAADpeqZqAAAANUlEQVR4nGNkYGBgEGFQFSYFszDIRDMwMKjiwNjlcGjCbxCSJuJtpJbzCBtCbefhNoQs5wEAUT8YCKEP8H0AAAAASUVORK5CYII=',
  },
  {
    name: 'lossy.webp',
    width: 13,
    height: 9,
    sha: '782078116509d665',
    base64:
      'UklGRmgAAABXRUJQVlA4IFwAAADQAQCdASoNAAkAAsBMJbACdAC9oAuUSAD+9d2b4o4gDruwK92puFvqXhT4qnjUL1DvqHObfApKdUzQH2KO011HKX3eHwtH4nfg37ckFNSgq/+mCBpT/ibjmPAAAA==',
  },
  {
    name: 'alpha.webp',
    width: 13,
    height: 9,
    sha: '4554cc7f76606bb6',
    base64: 'UklGRjQAAABXRUJQVlA4TCgAAAAvDAACELmM6H/sIqL/ASEBYYj/UzV9KAQCKU5mqgUCKWyGJwBiZ20D',
  },
  {
    name: 'frames.gif',
    width: 13,
    height: 9,
    sha: '06a479c0f03837ad',
    base64:
      'R0lGODdhDQAJAIMAANLEgozEZLR+eTLShzKofzJ+dtI4e4w4gLQAcjI4djIAXQAAAAAAAAAAAAAAAAAAACwAAAAADQAJAAAISgAVCBR44ACCgwcNKEjAMIGCggYNSGQoMAHEAxInNrQIUUDGAiBDChhJUgABAiELlCR5siWBADAFAJg5oOYAmDBn6rTJE0DOmQEBACH5BAEAAHUALAAAAAANAAkAhvDglMjE77TEytzgb8jgSvDEOdzEFLTgJfCo3tyouciolLSob4zg23jgtqDEpYzEgKDgAHjEW6CoSoyoJXioAPCMg8hw3rRwudyMXsiMOfBwKNxwA7SMFKCM74yMyniMpaBwlIxwb3hwSmTgkTzE7CjEx1DgbDzgR2TENlDEESjgIhTg/QDg2BTEogDEfWSo21CotjyokSiobBSoRwCoImSMgDxw2yhwtlCMWzyMNmRwJVBwACiMERSM7ACMxxRwkQBwbPBUzdxUqPA4cshUg7RUXtw4Tcg4KLQ4A9wc8sgczbQcqPAcF3hU76A43ow4uXg4lKBUOYxUFKAcg4wcXngcOfAAvNwAl8gAcrQATXgA3qAAKIwAA2RUylBUpWQ4bzxUgChUW1A4Sjw4JSg4ABQ42wA4thRUNgBUEVAc7zwcyigcpWQcFBQcgAAcW2QAuVAAlDwAbygAShQAJQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAiGAK1cwZJlCxctb+DEkTOHDpMkSpZMoVKFTRo1a9q4GWLkCBInT6B8ETOGTBkzQYQQKRJFSpMuXsCEOYNGwwYLF0CEEKFjh40bP4BUwJCBQwcPH2rgyMGjhw8ECRQskDCBwgsYMWTMoFHAQAABDh5EQJGCRIkWLgAMIHAAAoMGI0ycULGCRUAAOw==',
  },
  {
    name: 'lzw.tif',
    width: 13,
    height: 9,
    sha: '4554cc7f76606bb6',
    base64:
      'SUkqAKABAACAACBBQACUUAAlDwAG8oABKGQALk8ABvIwAANQAAULQAE1kAA5NwAJd4ABeAAOFsKBxACgOKUeBxlFAOO8yBwKHgODlGBwvKAOINaBxUMgOM1uBx5PAOBcADhbBQcNsUDgADwcCUoDglGQcG88DhKIwcLlQDhvLQcANkDgUNwcE14Dg5AAqBEKFQbCgqFseFRAFAqKUyFRlHgqO9GFQKKAqDlaFQvMgqINuFRUPAqM0AHA2BQ4JEUHBbDw4NsoHAAGQ4CU8HAlIw4G9QHBKLQ4LlkHBvNw4AN4HCDoxjhRGOwUIwIjxGDYoIwtmRGIA8IxSoxGMpQIx3rRGBRkIwctxGF54IxBgBUCIKKgjihUGweKhIlBULYyKhtnhUABGFQEpQFQJRaFQN5kFQShuFQXJ4FQbwAGIPoKGIUQUGIY4eGIdgoGICIyGIGw8GILZGGIQBQGIUpaGIZRkGId5uGICh4GIHIAHAbAKHAfoUHAEQeHAI4oHANgyHASI8HAWxGHAbZQHAABaHAEpkHAJRuHAN54HASiAgAKAAABAwABAAAADQAAAAEBAwABAAAACQAAAAIBAwADAAAAHgIAAAMBAwABAAAABQAAAAYBAwABAAAAAgAAABEBBAABAAAACAAAABUBAwABAAAAAwAAABYBAwABAAAACQAAABcBBAABAAAAlwEAABwBAwABAAAAAQAAAAAAAAAIAAgACAA=',
  },
  {
    name: 'cmyk.tif',
    width: 13,
    height: 9,
    sha: '4554cc7f76606bb6',
    base64:
      'SUkqAGoBAAB4nAXBwYYjQRjA8b+9rw7zACU67H2IHuo4hOgHKMLq6xLm8l1D2EufRoUc+xRyq0MzhLk3KXmCIsypLksxTxC+/f1UlaJ3kl6Y9MCoWwZd0esc0QedJlr9oNF3av1Dpa9oPlPynpQ3THnJmGcMudDnK5JPdHlHmx1NfqbOP6nyPzSuKXFBisoU74zxwhAP9HGLxBVdnNPGB01M1PGDKr6j4ZsSbqRwZgp7xrBhCEv6MENCoQtX2nCiCTvq4KjCM+qPFP9G8msmv2D0yuDv9P6C+AOd39L6FY2fU/sHlU+ovFDkiSTfTHJjlDOD7Ollg8iSTma0UmjkSi0nKtmh7oviPknuyOTeGN2awS3onSLuTucutO5A47bUbkXl5qj9S7G/SfaFyT4x2m8Ge6O3Z8Tu6eyG1i5p7IzaFip7Rc0vivlBMl9M5pPRHBnMG71ZI2ZBZ5TW3GnMhdocqMyW/4yyvMgKAAABAwABAAAADQAAAAEBAwABAAAACQAAAAIBAwAEAAAA6AEAAAMBAwABAAAACAAAAAYBAwABAAAABQAAABEBBAABAAAACAAAABUBAwABAAAABAAAABYBAwABAAAACQAAABcBBAABAAAAYgEAABwBAwABAAAAAQAAAAAAAAAIAAgACAAIAA==',
  },
  {
    name: 'fax.tif',
    width: 13,
    height: 9,
    sha: '23c53ad919036b78',
    base64:
      'SUkqADAAAAAJTaLoIJwQJhNBBYhBML8ILSSSS7SSSS6SSEaS2R0CCWwmEIjABABACQAAAQMAAQAAAA0AAAABAQMAAQAAAAkAAAACAQMAAQAAAAEAAAADAQMAAQAAAAQAAAAGAQMAAQAAAAEAAAARAQQAAQAAAAgAAAAWAQMAAQAAAAkAAAAXAQQAAQAAACgAAAAcAQMAAQAAAAEAAAAAAAAA',
  },
];

/** Seed, height, width, channels, new height, new width, interpolation, and the hash of what Pillow 12.3 makes of it. */
export const pillowResizes: readonly (readonly [
  number,
  number,
  number,
  1 | 3,
  number,
  number,
  Interpolation,
  string,
])[] = [
  [1, 37, 53, 3, 17, 19, 'nearest', '720a3c0f2a833f39'],
  [2, 37, 53, 3, 17, 19, 'box', '2bc9c7d79bf606b4'],
  [3, 37, 53, 3, 17, 19, 'bilinear', 'dc447b517a1cf383'],
  [4, 37, 53, 3, 17, 19, 'bicubic', '0d06cd13f5a390f0'],
  [5, 37, 53, 3, 17, 19, 'lanczos', '701a3c026f90a708'],
  [6, 17, 19, 3, 37, 53, 'nearest', '07b99421bed0b0d9'],
  [7, 17, 19, 3, 37, 53, 'box', '5c108c860dfd2f27'],
  [8, 17, 19, 3, 37, 53, 'bilinear', '47e063a4bb9f7af1'],
  [9, 17, 19, 3, 37, 53, 'bicubic', '5702b96a3ec159f5'],
  [10, 17, 19, 3, 37, 53, 'lanczos', '07242834a407842a'],
  [11, 64, 48, 1, 32, 24, 'nearest', '4ab6fce56ccc634e'],
  [12, 64, 48, 1, 32, 24, 'box', 'e345ff70b4326d01'],
  [13, 64, 48, 1, 32, 24, 'bilinear', '0611284c2e37a01a'],
  [14, 64, 48, 1, 32, 24, 'bicubic', '51b4003330157fae'],
  [15, 64, 48, 1, 32, 24, 'lanczos', 'f7bf3d3fd6fc87f0'],
  [16, 31, 31, 3, 224, 224, 'nearest', '7d1294dbf53e3f2f'],
  [17, 31, 31, 3, 224, 224, 'box', '2951120ba78ef435'],
  [18, 31, 31, 3, 224, 224, 'bilinear', 'c14b3f6dd062707e'],
  [19, 31, 31, 3, 224, 224, 'bicubic', '737a1e570cdd8f8c'],
  [20, 31, 31, 3, 224, 224, 'lanczos', 'f308551eb4fc6e96'],
  [21, 200, 301, 3, 24, 36, 'nearest', 'b402db5309524ff2'],
  [22, 200, 301, 3, 24, 36, 'box', '58280bc17c8833aa'],
  [23, 200, 301, 3, 24, 36, 'bilinear', 'bee5d6719375eff1'],
  [24, 200, 301, 3, 24, 36, 'bicubic', 'b5d97dc87e97a343'],
  [25, 200, 301, 3, 24, 36, 'lanczos', '56c0e82f9da11409'],
  [26, 5, 400, 3, 5, 40, 'nearest', '992287f8c44e75b0'],
  [27, 5, 400, 3, 5, 40, 'box', '57311505a635193a'],
  [28, 5, 400, 3, 5, 40, 'bilinear', '274a1856c9b15654'],
  [29, 5, 400, 3, 5, 40, 'bicubic', '5adeff4589b11916'],
  [30, 5, 400, 3, 5, 40, 'lanczos', '7a2d695d6cb3c897'],
  [31, 400, 3, 1, 33, 3, 'nearest', '1bf82ae551522429'],
  [32, 400, 3, 1, 33, 3, 'box', 'bd57479e74b24636'],
  [33, 400, 3, 1, 33, 3, 'bilinear', '7be77d1f59310253'],
  [34, 400, 3, 1, 33, 3, 'bicubic', '89b326a55cb1d0b2'],
  [35, 400, 3, 1, 33, 3, 'lanczos', 'a18b3205a44e1336'],
  [36, 1, 1, 3, 7, 5, 'nearest', 'f91008318a51a04f'],
  [37, 1, 1, 3, 7, 5, 'box', '4c4272ff2a42b4e1'],
  [38, 1, 1, 3, 7, 5, 'bilinear', 'b2c0efb5f97bc584'],
  [39, 1, 1, 3, 7, 5, 'bicubic', '10fa6e58a5924476'],
  [40, 1, 1, 3, 7, 5, 'lanczos', '60d9b1000315143c'],
  [41, 90, 60, 3, 90, 61, 'nearest', 'a07774ebcb26b4e2'],
  [42, 90, 60, 3, 90, 61, 'box', 'eea215424d9e797c'],
  [43, 90, 60, 3, 90, 61, 'bilinear', '442d1f178ee23317'],
  [44, 90, 60, 3, 90, 61, 'bicubic', 'c336be3c7af98c3b'],
  [45, 90, 60, 3, 90, 61, 'lanczos', 'f82bd3238cc5491e'],
  [46, 50, 50, 3, 1, 1, 'nearest', '7bf75dc70b9e89f3'],
  [47, 50, 50, 3, 1, 1, 'box', '0cf24049ee37edb7'],
  [48, 50, 50, 3, 1, 1, 'bilinear', 'f4caa6e824dedddd'],
  [49, 50, 50, 3, 1, 1, 'bicubic', '2627aed2746e6882'],
  [50, 50, 50, 3, 1, 1, 'lanczos', 'ee435ec1ed312496'],
  [51, 33, 47, 1, 100, 11, 'nearest', '7a266e7f20778cf9'],
  [52, 33, 47, 1, 100, 11, 'box', 'fe8a5d0868951b8c'],
  [53, 33, 47, 1, 100, 11, 'bilinear', '6cfcbca2f82e1a3c'],
  [54, 33, 47, 1, 100, 11, 'bicubic', '5de0c5bb55d5f5b7'],
  [55, 33, 47, 1, 100, 11, 'lanczos', 'fa8e9d2c2c6d52c3'],
];

/** Photographs of the test data, with hashes of Pillow's pixels: decoded; short side 256, centre 227; grey, short side 256 bicubic, centre 224. */
export const pillowPhotos: readonly (readonly [string, string, string, string])[] = [
  ['astronaut.png', 'a8c429c18afa7b0f', 'f98b60ee9a6b0c7b', 'a387ff77cd815572'],
  ['cat_dog_both.png', 'ab2fbafe8d0302f3', 'f6326c0259e43c28', 'bfe13a6e3675d1f9'],
  ['chelsea_cat.png', '416b729128bfb2c3', '8af2812458612752', 'd83433765441879c'],
  ['coffee.png', '0ce2b51640b9c95f', 'e00d7e285a5b4876', '5bc9439c0b898b32'],
  ['goldfish.jpg', 'e856094652624079', 'd99ae60177f655ee', '3212b163cde14ab4'],
  ['samoyed.jpg', 'd173b5360b093037', '5f97eef82bcf0ce4', '6239095f9c924115'],
  ['swan.jpg', 'c6854d1a515bc8e3', '134d5498f232a6a1', '3174a463dfb9d105'],
  ['wolves.jpg', '8ee5a5e2219f4547', 'f3471f2ad71a7e66', 'aaa7da3b68730be1'],
  ['zebra.jpg', '389518b60f874bce', 'ee5d6455806ac07d', '7e04d3081c53bf2f'],
];
