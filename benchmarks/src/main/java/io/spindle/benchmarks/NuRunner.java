// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import com.zaxxer.nuprocess.NuAbstractProcessHandler;
import com.zaxxer.nuprocess.NuProcess;
import com.zaxxer.nuprocess.NuProcessBuilder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/** NuProcess 3: callbacks on its own threads. */
final class NuRunner implements ProcessRunner {

    /** Counts bytes; ends when both outputs and the process have. */
    private static class Reader extends NuAbstractProcessHandler {

        final CountDownLatch exited = new CountDownLatch(1);
        volatile long received;
        private long count;

        @Override
        public void onStdout(ByteBuffer buffer, boolean closed) {
            count += buffer.remaining();
            buffer.position(buffer.limit());
        }

        @Override
        public void onStderr(ByteBuffer buffer, boolean closed) {
            buffer.position(buffer.limit());
        }

        @Override
        public void onExit(int status) {
            received = count;
            exited.countDown();
        }
    }

    private static NuProcess start(NuAbstractProcessHandler handler, List<String> line) {
        NuProcessBuilder builder = new NuProcessBuilder(line);
        builder.setProcessListener(handler);
        return builder.start();
    }

    @Override
    public long drain(List<String> line) throws InterruptedException {
        Reader reader = new Reader();
        start(reader, line);
        reader.exited.await();
        return reader.received;
    }

    @Override
    public long lines(List<String> line) {
        throw new UnsupportedOperationException("it has no lines");
    }

    @Override
    public long throughCat(long bytes) throws InterruptedException {
        Reader reader = new Reader() {

            private long left = bytes;
            private NuProcess process;

            @Override
            public void onStart(NuProcess started) {
                process = started;
                process.wantWrite();
            }

            @Override
            public boolean onStdinReady(ByteBuffer buffer) {
                buffer.limit((int) Math.min(buffer.capacity(), left));
                buffer.position(0);
                left -= buffer.limit();
                if (left == 0) {
                    process.closeStdin(false);
                }
                return left > 0;
            }
        };
        start(reader, List.of("cat"));
        reader.exited.await();
        return reader.received;
    }

    @Override
    public long runAll(List<String> line, int times, int atATime) throws InterruptedException {
        Semaphore places = new Semaphore(atATime);
        for (int i = 0; i < times; i++) {
            places.acquire();
            start(
                    new Reader() {
                        @Override
                        public void onExit(int status) {
                            places.release();
                        }
                    },
                    line);
        }
        places.acquire(atATime);
        return times;
    }

    @Override
    public void hold(int children, Runnable count) throws InterruptedException {
        CountDownLatch answered = new CountDownLatch(children);
        CountDownLatch ended = new CountDownLatch(children);
        ConcurrentLinkedQueue<NuProcess> all = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < children; i++) {
            Reader reader = new Reader() {
                @Override
                public void onStdout(ByteBuffer buffer, boolean closed) {
                    if (buffer.hasRemaining()) {
                        answered.countDown();
                    }
                    super.onStdout(buffer, closed);
                }

                @Override
                public void onExit(int status) {
                    ended.countDown();
                }
            };
            NuProcess process = start(reader, List.of("cat"));
            process.writeStdin(ByteBuffer.wrap("ready\n".getBytes(StandardCharsets.UTF_8)));
            all.add(process);
        }
        answered.await();
        count.run();
        all.forEach(process -> process.closeStdin(false));
        ended.await();
    }

    @Override
    public long killedAfter() throws InterruptedException {
        long[] noticed = new long[1];
        Reader reader = new Reader() {
            @Override
            public void onExit(int status) {
                noticed[0] = System.nanoTime();
                super.onExit(status);
            }
        };
        NuProcess process = start(reader, List.of("sleep", "100"));
        long killed = System.nanoTime();
        process.destroy(true);
        reader.exited.await();
        return noticed[0] - killed;
    }
}
