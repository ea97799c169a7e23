// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.unix.FileDescriptor;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One process beside this JVM, started before its first child is told to it, that kills the children when the JVM was
 * killed and no hook of it has run. It is told of each start by a line in a pipe, and of the end of the JVM by the end of
 * that pipe. The end of a child is not told: its slot is used again, and its start time tells it from a later process with
 * the same number.
 */
final class Guard {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    /** {@code false} switches it off. */
    static final String PROPERTY = "spindle.process.guard";

    private static final Path SHELL = Path.of("/bin/sh");
    private static final int TRIES = 2; // one may find that it was killed
    private static final int MAX_FAILURES = 5; // in a row
    private static final int MAX_LINE_BYTES = 128;
    private static final int START_FIELD = 19; // after the name, which is in parentheses
    private static final int MAX_STAT_BYTES = 1024; // 52 numbers and a name
    private static final long LAUNCH_SECONDS = 5;

    private static final Guard INSTANCE = new Guard();

    private record Entry(int slot, long pid, String start, boolean leads) {

        String line() {
            return slot + " " + pid + " " + start + " " + (leads ? 1 : 0) + "\n";
        }
    }

    private final Map<Running, Entry> entries = new ConcurrentHashMap<>();
    private final Queue<Integer> freeSlots = new ConcurrentLinkedQueue<>();
    private final AtomicInteger slots = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();

    // under the lock
    private final Map<Integer, String> unsent = new LinkedHashMap<>(); // by slot: what is old is not sent any more
    private @Nullable FileDescriptor pipe;
    private @Nullable ByteBuffer buffer;
    private int failures;

    private Guard() {}

    /** Starts it, if it is wanted and can be. Blocks. */
    static void start() {
        if (Wanted.YES) {
            INSTANCE.send(Map.of());
        }
    }

    /** Tells it of a child that runs. Blocks: not for a loop. */
    static void add(Running child) {
        if (Wanted.YES) {
            INSTANCE.tell(child);
        }
    }

    /** Forgets a child. Any thread; does not block. */
    static void remove(Running child) {
        Entry entry = INSTANCE.entries.remove(child);
        if (entry != null) {
            INSTANCE.freeSlots.add(entry.slot());
        }
    }

    private void tell(Running child) {
        long pid = child.handle().pid();
        String start = startOf(pid);
        if (start == null || !child.isAlive()) { // it has ended, and the number may be another one's
            return;
        }
        Integer free = freeSlots.poll();
        Entry entry = new Entry(free == null ? slots.getAndIncrement() : free, pid, start, child.leadsGroup());
        entries.put(child, entry);
        send(Map.of(entry.slot(), entry.line()));
    }

    private void send(Map<Integer, String> lines) {
        lock.lock();
        try {
            unsent.putAll(lines);
            for (int tries = 0; tries < TRIES && failures < MAX_FAILURES; tries++) {
                try {
                    write(pipe());
                    failures = 0;
                    return;
                } catch (IOException e) {
                    failed(e);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** A pipe that is full, for the guard has been stopped, holds nobody up: the rest goes with the next line. */
    private void write(FileDescriptor end) throws IOException {
        ByteBuffer bytes = buffer;
        if (bytes == null) {
            bytes = ByteBuffer.allocateDirect(MAX_LINE_BYTES);
            buffer = bytes;
        }
        var lines = unsent.values().iterator();
        while (lines.hasNext()) {
            bytes.clear().put(lines.next().getBytes(StandardCharsets.US_ASCII)).flip();
            if (end.write(bytes, 0, bytes.limit()) == 0) { // so short a line is written whole or not at all
                return;
            }
            lines.remove();
        }
    }

    /** Somebody has ended it. Another one is told of all. */
    private void failed(IOException e) {
        if (!SpawnFailures.isOutOfDescriptors(e)) { // who lacks those now may have some for the next child
            failures++;
        }
        log.debug("the guard of child processes has gone", e);
        if (failures == MAX_FAILURES) {
            log.warn(
                    "child processes are not guarded any more: they outlive this JVM should it be killed by signal 9",
                    e);
        }
        if (pipe != null) {
            StagePipes.close(List.of(pipe));
            pipe = null;
        }
        unsent.clear();
        if (failures < MAX_FAILURES) {
            entries.values().forEach(each -> unsent.put(each.slot(), each.line()));
        }
    }

    private FileDescriptor pipe() throws IOException {
        if (pipe == null) {
            FileDescriptor[] ends = FileDescriptor.pipe();
            boolean launched = false;
            try {
                launch(ends[0]);
                launched = true;
            } finally {
                ends[0].close();
                if (!launched) {
                    ends[1].close();
                }
            }
            pipe = ends[1];
        }
        return pipe;
    }

    private static void launch(FileDescriptor end) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        SHELL.toString(),
                        "-c",
                        GuardScript.LAUNCH,
                        GuardScript.NAME,
                        GuardScript.WATCH,
                        Long.toString(ProcessHandle.current().pid()))
                .directory(new File("/"))
                .redirectInput(Redirect.from(new File("/proc/self/fd/" + end.intValue())))
                .redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.DISCARD);
        builder.environment().keySet().retainAll(List.of("PATH"));
        Process launcher = JdkStart.start(builder);
        try {
            if (!launcher.waitFor(LAUNCH_SECONDS, TimeUnit.SECONDS) || launcher.exitValue() != 0) {
                launcher.destroyForcibly();
                throw new IOException("/bin/sh did not start the guard of child processes");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // it starts all the same
        }
    }

    /** Returns when a process was started, as the system counts, or null if there is none. */
    private static @Nullable String startOf(long pid) {
        try (InputStream file = new FileInputStream("/proc/" + pid + "/stat")) {
            byte[] bytes = new byte[MAX_STAT_BYTES];
            int count = file.read(bytes);
            String stat = new String(bytes, 0, Math.max(count, 0), StandardCharsets.ISO_8859_1);
            return stat.substring(stat.lastIndexOf(')') + 2).split(" ", START_FIELD + 2)[START_FIELD];
        } catch (IOException e) {
            return null;
        }
    }

    private static final class Wanted {

        /** With the first process of a container the system ends all others itself. */
        static final boolean YES = !"false".equals(System.getProperty(PROPERTY))
                && ProcessHandle.current().pid() != 1
                && Files.isReadable(Path.of("/proc/self/stat"))
                && Files.isExecutable(SHELL)
                && EpollEngine.isAvailable();
    }
}
