// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has a thread read one chunk whenever one is wanted. */
final class ThreadOutputPipe extends OutputPipe {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    private final InputStream stream;
    private final PipeThread thread;

    // loop only
    private boolean reading;
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
        chunk = next;
        error = failure;
        drain();
    }

    @Override
    boolean isDry() {
        try {
            return stream.available() == 0;
        } catch (IOException e) {
            log.debug("a pipe was closed under its reader", e);
            return true;
        }
    }

    @Override
    void release() {
        thread.stop();
    }
}
