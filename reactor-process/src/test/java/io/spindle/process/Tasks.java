// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.spindle.offload.Distance;
import io.spindle.offload.Task;
import io.spindle.offload.WorkerPool;
import io.spindle.offload.WorkerPoolSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** What the tests of {@link ProcessPlaces} run in JVMs of their own. */
final class Tasks {

    private Tasks() {}

    record Point(int x, int y) {}

    /** Mirrors points. */
    static final class Mirror implements Task<List<Point>, List<Point>> {
        @Override
        public List<Point> run(List<Point> points) {
            return points.stream().map(point -> new Point(point.y(), point.x())).toList();
        }
    }

    /** Doubles a number. */
    static final class Twice implements Task<Integer, Long> {
        @Override
        public Long run(Integer number) {
            return 2L * number;
        }
    }

    /** Tells the process id of its JVM. */
    static final class Pid implements Task<String, Long> {
        @Override
        public Long run(String ignored) {
            return ProcessHandle.current().pid();
        }
    }

    /** Tells the most memory that its JVM may take. */
    static final class MaxMemory implements Task<String, Long> {
        @Override
        public Long run(String ignored) {
            return Runtime.getRuntime().maxMemory();
        }
    }

    /** Has no value. */
    static final class Nothing implements Task<String, Void> {
        @Override
        public @Nullable Void run(String ignored) {
            return null;
        }
    }

    /** Fails, with a cause. */
    static final class Failing implements Task<String, String> {
        @Override
        public String run(String name) throws IOException {
            throw new IOException("cannot read " + name, new IllegalStateException("the disk is tired"));
        }
    }

    /** Returns what throws an error that Reactor takes for fatal when it is written. */
    static final class Fatal implements Task<String, Object> {

        record Value(boolean broken) {
            public int getNumber() {
                if (broken) {
                    throw new NoClassDefFoundError("the class has gone");
                }
                return 0;
            }
        }

        @Override
        public Object run(String ignored) {
            return new Value(true);
        }
    }

    /** Returns what nobody can write. */
    static final class Unwritable implements Task<String, Object> {
        @Override
        public Object run(String ignored) {
            return new Broken();
        }
    }

    static final class Broken {
        @SuppressWarnings("DoNotCallSuggester") // Jackson does
        public int getValue() {
            throw new IllegalStateException("no value");
        }
    }

    /** Exits with a code. */
    static final class Exiting implements Task<Integer, String> {
        @Override
        public String run(Integer code) {
            System.exit(code);
            return "never";
        }
    }

    /** Fills the memory. */
    static final class Hungry implements Task<String, Integer> {
        @Override
        public Integer run(String ignored) {
            List<byte[]> all = new ArrayList<>();
            while (all.size() < Integer.MAX_VALUE) {
                all.add(new byte[1 << 20]);
            }
            return all.size();
        }
    }

    /** Sends its own JVM a signal and waits for the end. */
    static final class Signalled implements Task<String, String> {
        @Override
        public String run(String signal) throws IOException, InterruptedException {
            new ProcessBuilder(
                            "kill",
                            "-" + signal,
                            Long.toString(ProcessHandle.current().pid()))
                    .start();
            new CountDownLatch(1).await();
            return "never";
        }
    }

    /** Ends its JVM at the first run, and leaves a mark that it has begun. */
    static final class ExitingOnce implements Task<String, String> {
        @Override
        public String run(String mark) throws IOException {
            try {
                Files.createFile(Path.of(mark));
            } catch (FileAlreadyExistsException second) {
                return "second run";
            }
            Runtime.getRuntime().halt(9);
            return "never";
        }
    }

    /** Leaves its process id in a file, then waits until it is asked to stop, and leaves a mark that it has seen that. */
    static final class Patient implements Task<String, String> {
        @Override
        public String run(String mark) {
            write(mark, Long.toString(ProcessHandle.current().pid()));
            while (!WorkerPool.isCancelled()) {
                Thread.onSpinWait();
            }
            write(mark + ".stopped", "");
            return "stopped";
        }
    }

    /** Leaves its process id in a file, then waits for ever. */
    static final class Deaf implements Task<String, String> {
        @Override
        public String run(String mark) throws InterruptedException {
            write(mark, Long.toString(ProcessHandle.current().pid()));
            int interrupts = 0;
            while (interrupts >= 0) {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    interrupts++;
                }
            }
            throw new AssertionError("nobody counts down");
        }
    }

    /** A service with a pool, whose task leaves the process id of its worker in a file and never ends. */
    static final class Service {
        private Service() {}

        public static void main(String[] args) {
            WorkerPool pool = WorkerPoolSpec.of("far")
                    .threads(0, 1)
                    .distance(Distance.PROCESS)
                    .start();
            pool.run(Deaf.class, args[0]).block();
        }
    }

    /** So that who sees the file sees its content. */
    private static void write(String file, String content) {
        try {
            Path beside = Files.writeString(Path.of(file + ".new"), content);
            Files.move(beside, Path.of(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
