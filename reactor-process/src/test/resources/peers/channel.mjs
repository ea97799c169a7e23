// SPDX-License-Identifier: Apache-2.0
// The peer of a Spindle channel in Node, without dependencies: JSON over one socket, see docs/design/ipc.md.

import { connect } from 'node:net';

const MESSAGE = 1, CREDIT = 2, REQUEST = 3, REPLY = 4, FAILURE = 5, END = 7, READY = 8;
const MAX_FRAME_BYTES = 16 * 1024 * 1024;

const encode = (value) => (value === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(value)));
const decode = (payload) => (payload.length === 0 ? undefined : JSON.parse(payload.toString()));

function number(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export class Channel {
  handlers = {};
  onMessage = () => {};
  sent = 0;
  #socket;
  #received = Buffer.alloc(0);
  #ready = false;
  #credit = 0;
  #waiting = [];
  #questions = new Map();
  #ids = 0;
  #answering = 0;
  #ending = false;
  #endSent = false;
  #endReceived = false;

  /** Fulfilled when both ends have said END, rejected when the other one is lost without. */
  ended;

  constructor(invitation) {
    const at = invitation.indexOf('@');
    this.#socket = connect({ path: invitation.slice(at + 1) });
    this.#socket.write(Buffer.concat([Buffer.from('SPLC\x01AJ'), Buffer.from(invitation.slice(0, at))]));
    this.#socket.on('data', (bytes) => this.#data(bytes));
    this.ended = new Promise((resolve, reject) => {
      this.#socket.on('error', reject);
      this.#socket.on('close', () => {
        const lost = new Error('the other end closed without END');
        this.#questions.forEach((question) => question.reject(lost));
        return this.#endReceived && this.#endSent ? resolve() : reject(lost);
      });
    });
  }

  /** Sends a message as soon as the other end has demand for it. */
  send(message) {
    if (this.#ending) {
      throw new Error('the channel has ended');
    }
    this.#waiting.push(message);
    this.#drain();
  }

  /** Lets the other end send so many messages more. */
  grant(count) {
    this.#write(CREDIT, number(count));
  }

  /** Asks the other end. */
  request(subject, message) {
    const name = Buffer.from(subject);
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve, reject });
      this.#write(REQUEST, number(id), Buffer.from([name.length]), name, encode(message));
    });
  }

  /** Says END as soon as all messages and answers are sent. */
  disconnect() {
    this.#ending = true;
    this.#drain();
  }

  #data(bytes) {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 4) {
      const length = this.#received.readUInt32BE(0);
      if (length < 1 || length > MAX_FRAME_BYTES) {
        this.#socket.destroy(new Error(`frame of ${length} bytes`));
        return;
      }
      if (this.#received.length < 4 + length) {
        return;
      }
      const frame = this.#received.subarray(4, 4 + length);
      this.#received = this.#received.subarray(4 + length);
      this.#frame(frame[0], frame.subarray(1));
    }
  }

  #frame(kind, body) {
    if (!this.#ready) {
      if (kind !== READY) {
        this.#socket.destroy(new Error(`expected READY, got a frame of kind ${kind}`));
      }
      this.#ready = true;
    } else if (kind === MESSAGE) {
      this.onMessage(decode(body));
    } else if (kind === CREDIT) {
      this.#credit += body.readInt32BE(0);
      this.#drain();
    } else if (kind === REQUEST) {
      this.#answer(body);
    } else if (kind === REPLY || kind === FAILURE) {
      this.#answered(kind, body);
    } else if (kind === END) {
      this.#endReceived = true;
      this.#waiting = []; // nobody will grant anything for it
      this.disconnect();
      this.#socket.end();
    } // CANCEL may be ignored: the answer is sent all the same
  }

  async #answer(body) {
    const id = body.subarray(0, 4);
    const rest = 5 + body[4];
    const subject = body.subarray(5, rest).toString();
    this.#answering++;
    try {
      if (!Object.hasOwn(this.handlers, subject)) {
        throw new Error(`no handler for ${subject}`);
      }
      this.#write(REPLY, id, encode(await this.handlers[subject](decode(body.subarray(rest)))));
    } catch (error) {
      this.#write(FAILURE, id, Buffer.from(error.message));
    }
    this.#answering--;
    this.#drain();
  }

  #answered(kind, body) {
    const id = body.readInt32BE(0);
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    if (kind === FAILURE) {
      question.reject(new Error(body.subarray(4).toString()));
    } else {
      question.resolve(decode(body.subarray(4)));
    }
  }

  #drain() {
    while (this.#waiting.length > 0 && this.#credit > 0) {
      this.#credit--;
      this.sent++;
      this.#write(MESSAGE, encode(this.#waiting.shift()));
    }
    const idle = this.#waiting.length === 0 && (this.#answering === 0 || this.#endReceived);
    if (this.#ending && idle && !this.#endSent) {
      this.#endSent = true;
      this.#write(END);
    }
  }

  #write(kind, ...parts) {
    if (this.#socket.writableEnded) {
      return; // an answer that came after both ENDs
    }
    const body = Buffer.concat(parts);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(1 + body.length);
    head[4] = kind;
    this.#socket.write(Buffer.concat([head, body]));
  }
}
