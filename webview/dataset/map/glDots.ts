import { DIAMOND, RIM, type Dots } from './stamps.js';

/**
 * Points drawn by WebGL. Not by regl-scatterplot: regl compiles what it draws with `Function`, which the policy of our pages
 * refuses, and of all it does only the points would be left, since looking around, lassos and picking are the same here
 * whether there is WebGL or not.
 */

const VERTEX = `#version 300 es
in vec2 place;
in vec4 colour;
in vec4 rim;
in float shape;
uniform vec2 size;
uniform float radius;
out vec4 inner;
out vec4 outer;
flat out float kind;
void main() {
  inner = colour;
  outer = rim;
  kind = shape;
  gl_Position = vec4(place.x / size.x * 2.0 - 1.0, 1.0 - place.y / size.y * 2.0, 0.0, 1.0);
  gl_PointSize = 2.0 * ceil((radius * ${(1 + RIM).toFixed(2)} + 1.0) * ${DIAMOND.toFixed(2)});
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec4 inner;
in vec4 outer;
flat in float kind;
uniform float radius;
out vec4 result;
void main() {
  float half_ = ceil((radius * ${(1 + RIM).toFixed(2)} + 1.0) * ${DIAMOND.toFixed(2)});
  vec2 p = (gl_PointCoord - 0.5) * 2.0 * half_;
  float far = kind > 0.5 ? (abs(p.x) + abs(p.y)) / ${DIAMOND.toFixed(2)} : length(p);
  float a = inner.a * clamp(radius + 0.5 - far, 0.0, 1.0);
  float b = outer.a * clamp(radius * ${(1 + RIM).toFixed(2)} + 1.0 - far, 0.0, 1.0);
  float whole = a + b * (1.0 - a);
  if (whole <= 0.0) discard;
  result = vec4(inner.rgb * a + outer.rgb * b * (1.0 - a), whole);
}`;

/** One canvas with WebGL 2. */
export class GlDots {
  private readonly program: WebGLProgram;
  private readonly buffers: Readonly<Record<'place' | 'colour' | 'rim' | 'shape' | 'order', WebGLBuffer>>;
  private drawn: Partial<Dots> = {};

  private constructor(private readonly gl: WebGL2RenderingContext) {
    const program = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(kind)!;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true) throw new Error('The shaders do not link');
    this.program = program;
    const buffer = (): WebGLBuffer => gl.createBuffer();
    this.buffers = { place: buffer(), colour: buffer(), rim: buffer(), shape: buffer(), order: buffer() };
  }

  /** `undefined` where there is no WebGL 2, or what there is does not work. */
  static on(canvas: HTMLCanvasElement): GlDots | undefined {
    try {
      const gl = canvas.getContext('webgl2', { alpha: true, premultipliedAlpha: true, preserveDrawingBuffer: true });
      return gl === null ? undefined : new GlDots(gl);
    } catch {
      return undefined;
    }
  }

  /** Draws on a canvas that has its size already; `false` where the context was lost. */
  draw(dots: Dots, width: number, height: number): boolean {
    const { gl, program, buffers } = this;
    if (gl.isContextLost()) return false;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.attribute('place', buffers.place, dots.xy, { size: 2, type: gl.FLOAT }, true);
    this.attribute(
      'colour',
      buffers.colour,
      dots.colours,
      { size: 4, type: gl.UNSIGNED_BYTE },
      dots.colours !== this.drawn.colours,
    );
    this.attribute('rim', buffers.rim, dots.rims, { size: 4, type: gl.UNSIGNED_BYTE }, dots.rims !== this.drawn.rims);
    this.attribute(
      'shape',
      buffers.shape,
      dots.shapes,
      { size: 1, type: gl.UNSIGNED_BYTE },
      dots.shapes !== this.drawn.shapes,
    );
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers.order);
    if (dots.order !== this.drawn.order) gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, dots.order, gl.DYNAMIC_DRAW);
    gl.uniform2f(gl.getUniformLocation(program, 'size'), width, height);
    gl.uniform1f(gl.getUniformLocation(program, 'radius'), dots.radius);
    gl.drawElements(gl.POINTS, dots.order.length, gl.UNSIGNED_INT, 0);
    this.drawn = dots;
    return !gl.isContextLost();
  }

  private attribute(
    name: string,
    buffer: WebGLBuffer,
    data: Float32Array | Uint32Array | Uint8Array,
    { size, type }: { readonly size: number; readonly type: number },
    changed: boolean,
  ): void {
    const { gl } = this;
    const at = gl.getAttribLocation(this.program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    if (changed) gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, type, type === gl.UNSIGNED_BYTE && size === 4, 0, 0);
  }
}
