// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has a thread write one buffer after the other. */
final class ThreadInputPipe extends InputPipe {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    private final OutputStream stream;
    private final PipeThread thread;

    // loop only
    private boolean writing;
    private @Nullable IOException error;

    ThreadInputPipe(IoEventLoop loop, Publisher<? extends ByteBuf> publisher, OutputStream stream, String threadName) {
        super(loop, publisher);
        this.stream = stream;
        thread = new PipeThread(threadName, stream);
    }

    @Override
    void open() {}

    @Override
    boolean write(ByteBuf buffer) throws IOException {
        if (error != null) {
            throw error;
        }
        if (writing) {
            return false;
        }
        if (!buffer.isReadable()) {
            return true;
        }
        byte[] bytes = ByteBufUtil.getBytes(buffer);
        buffer.skipBytes(bytes.length);
        writing = true;
        thread.execute(() -> writeAll(bytes));
        return false;
    }

    private void writeAll(byte[] bytes) {
        IOException failure = null;
        try {
            stream.write(bytes);
            stream.flush();
        } catch (IOException e) {
            failure = e;
        }
        IOException result = failure;
        try {
            loop.execute(() -> {
                writing = false;
                error = result;
                drain();
            });
        } catch (RejectedExecutionException e) {
            log.trace("the event loop has ended", e);
        }
    }

    @Override
    void release() {
        thread.stop();
    }
}
