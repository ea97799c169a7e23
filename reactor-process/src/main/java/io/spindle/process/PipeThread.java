// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.io.Closeable;
import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread of one pipe, started when it is first needed: runs one blocking call after the other, then closes the
 * stream. Its queue has no lock, for the loop that fills it must not wait.
 */
final class PipeThread {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    private final Queue<Runnable> calls = new ConcurrentLinkedQueue<>();
    private final String name;
    private final Closeable stream;
    private @Nullable Thread thread; // loop only
    private boolean stopped; // loop only
    private boolean closed; // by its thread only

    PipeThread(String name, Closeable stream) {
        this.name = name;
        this.stream = stream;
    }

    /** Runs {@code call} on the thread, after those before it. Loop only. */
    void execute(Runnable call) {
        calls.add(call);
        if (thread == null) {
            thread = new Thread(this::run, "spindle-process-" + name);
            thread.setDaemon(true);
            thread.start();
        } else {
            LockSupport.unpark(thread);
        }
    }

    /** Closes the stream when the present call has returned. Loop only, idempotent. */
    void stop() {
        if (!stopped) {
            stopped = true;
            execute(this::close);
        }
    }

    private void run() {
        while (!closed) {
            Runnable call = calls.poll();
            if (call == null) {
                LockSupport.park(this); // an unpark since the poll makes it return at once
            } else {
                call.run();
            }
        }
    }

    private void close() {
        closed = true;
        try {
            stream.close();
        } catch (IOException e) {
            log.debug("cannot close a pipe", e);
        }
    }
}
