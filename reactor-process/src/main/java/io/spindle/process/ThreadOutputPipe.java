// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Has a thread read one chunk whenever one is wanted. */
final class ThreadOutputPipe extends OutputPipe {

    private static final long DRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final InputStream stream;
    private final PipeThread thread;

    // loop only
    private boolean reading;
    private long dryNanos; // when nothing more is expected, 0 while that is open
    private @Nullable ByteBuf chunk;
    private @Nullable IOException error;

    ThreadOutputPipe(IoEventLoop loop, String name, InputStream stream, String threadName) {
        super(loop, name);
        this.stream = stream;
        thread = new PipeThread(threadName, stream);
    }

    @Override
    void open() {}

    @Override
    @Nullable
    ByteBuf read() throws IOException {
        if (error != null) {
            throw error;
        }
        ByteBuf next = chunk;
        if (next != null) {
            chunk = null;
            return next;
        }
        if (!reading) {
            reading = true;
            thread.execute(this::readChunk);
        }
        return null;
    }

    private void readChunk() {
        try {
            byte[] bytes = new byte[CHUNK_BYTES];
            int count = stream.read(bytes);
            ByteBuf next = count < 0 ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(Arrays.copyOf(bytes, count));
            execute(() -> arrived(next, null));
        } catch (IOException e) {
            execute(() -> arrived(Unpooled.EMPTY_BUFFER, e));
        }
    }

    private void arrived(ByteBuf next, @Nullable IOException failure) {
        reading = false;
        dryNanos = 0;
        chunk = next;
        error = failure;
        drain();
    }

    /** What was not asked for is not known: its thread does not look. */
    @Override
    boolean isFilled() {
        return chunk != null;
    }

    /** The stream's own {@code available()} would wait for the reader: so, when nothing has come for a moment. */
    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // asks again, nothing more
    boolean isDry() {
        long now = System.nanoTime();
        if (dryNanos == 0) {
            dryNanos = now + DRY_NANOS;
            loop.schedule(this::drain, DRY_NANOS, TimeUnit.NANOSECONDS);
        }
        return now - dryNanos >= 0;
    }

    @Override
    void release() {
        thread.stop();
    }
}
