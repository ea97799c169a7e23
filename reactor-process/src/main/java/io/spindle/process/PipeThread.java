// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread of one pipe: runs one blocking call after the other, then closes the stream. */
final class PipeThread {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    private final BlockingQueue<Runnable> calls = new LinkedBlockingQueue<>();
    private final Closeable stream;
    private final ThreadFactory factory;
    private boolean started; // loop only
    private boolean stopped; // loop only
    private boolean closed; // by its thread only

    PipeThread(String name, Closeable stream) {
        this.stream = stream;
        this.factory = body -> {
            Thread thread = new Thread(body, "spindle-process-" + name);
            thread.setDaemon(true);
            return thread;
        };
    }

    void execute(Runnable call) {
        calls.add(call);
        start();
    }

    private void start() {
        if (!started) {
            started = true;
            factory.newThread(this::run).start();
        }
    }

    /** Closes the stream when the present call has returned. */
    void stop() {
        if (!stopped) {
            stopped = true;
            calls.add(this::close);
            start();
        }
    }

    private void run() {
        try {
            while (!closed) {
                calls.take().run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
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
