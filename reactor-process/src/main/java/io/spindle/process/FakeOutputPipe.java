// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/** Reads what a fake program writes. */
final class FakeOutputPipe extends OutputPipe {

    private final FakeLoop clock;
    private final FakePipe pipe;

    FakeOutputPipe(FakeLoop loop, String name, FakePipe pipe) {
        super(loop, name);
        clock = loop;
        this.pipe = pipe;
    }

    @Override
    void open() {
        pipe.onReadable(this::drain);
    }

    @Override
    @Nullable
    ByteBuf read() {
        byte[] chunk = pipe.read();
        return chunk == null ? null : Unpooled.wrappedBuffer(chunk);
    }

    @Override
    boolean isFilled() {
        return !pipe.isEmpty() || pipe.isEnded();
    }

    @Override
    boolean isDry() {
        return pipe.isEmpty();
    }

    @Override
    long nanoTime() {
        return clock.nanoTime();
    }

    @Override
    void release() {
        pipe.abandon();
    }
}
