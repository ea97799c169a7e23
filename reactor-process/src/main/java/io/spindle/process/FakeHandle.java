// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Stands for a process that the system does not have: its number is above all that it gives. */
final class FakeHandle implements ProcessHandle {

    private static final AtomicLong NEXT_PID = new AtomicLong(1L << 32);

    private final long pid = NEXT_PID.getAndIncrement();
    private final FakeProcess process;

    FakeHandle(FakeProcess process) {
        this.process = process;
    }

    @Override
    public long pid() {
        return pid;
    }

    @Override
    public Optional<ProcessHandle> parent() {
        return Optional.of(ProcessHandle.current());
    }

    @Override
    public Stream<ProcessHandle> children() {
        return Stream.empty();
    }

    @Override
    public Stream<ProcessHandle> descendants() {
        return Stream.empty();
    }

    @Override
    public Info info() {
        throw new UnsupportedOperationException("the system knows nothing about a fake program");
    }

    @Override
    public CompletableFuture<ProcessHandle> onExit() {
        throw new UnsupportedOperationException("the exit of a fake program is told by ChildProcess.exit()");
    }

    @Override
    public boolean supportsNormalTermination() {
        return true;
    }

    @Override
    public boolean destroy() {
        return process.signal(Signal.TERM);
    }

    @Override
    public boolean destroyForcibly() {
        return process.signal(Signal.KILL);
    }

    @Override
    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(pid);
    }

    @Override
    public int compareTo(ProcessHandle other) {
        return Long.compare(pid, other.pid());
    }
}
