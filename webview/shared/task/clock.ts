import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Renders an element four times a second while work is under way: the time that is shown beside it goes on. */
export class Clock implements ReactiveController {
  private connected = false;
  private working = false;
  private timer: number | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  /** Goes on while there is work, and stops when there is none. */
  run(working: boolean): void {
    this.working = working;
    this.set();
  }

  hostConnected(): void {
    this.connected = true;
    this.set();
  }

  hostDisconnected(): void {
    this.connected = false;
    this.set();
  }

  private set(): void {
    if (this.working && this.connected) this.timer ??= window.setInterval(() => this.host.requestUpdate(), 250);
    else {
      window.clearInterval(this.timer);
      this.timer = undefined;
    }
  }
}
