// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.reactivestreams.Publisher;

/** Writes what a fake program reads. */
final class FakeInputPipe extends InputPipe {

    private final FakePipe pipe;

    FakeInputPipe(FakeLoop loop, Publisher<? extends ByteBuf> publisher, FakePipe pipe) {
        super(loop, publisher);
        this.pipe = pipe;
    }

    @Override
    void open() {
        pipe.onWritable(this::drain);
    }

    @Override
    boolean write(ByteBuf buffer) throws IOException {
        if (pipe.isAbandoned()) {
            throw new IOException("the program reads no more");
        }
        byte[] bytes = new byte[Math.min(pipe.room(), buffer.readableBytes())];
        if (bytes.length > 0) {
            buffer.readBytes(bytes);
            pipe.write(bytes);
        }
        return !buffer.isReadable();
    }

    @Override
    void release() {
        pipe.end();
    }
}
