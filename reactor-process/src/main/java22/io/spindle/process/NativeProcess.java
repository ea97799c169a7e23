// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A child of ours that nobody else waits for. Its end is an event on the loop of the whole JVM, which outlives those of
 * users; it is reaped there.
 */
final class NativeProcess implements Running {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);
    private static final int ENDED = Integer.MIN_VALUE;
    private static final int UNKNOWN_CODE = 255;
    private static final long LOOK_AGAIN_MILLIS = 10;
    private static final long KEPT_MILLIS = 1;

    private final int pid;
    private final boolean leader;
    private final ProcessHandle handle;
    private final EpollHandle pidfd;
    private final IoEventLoop loop = PipeLoops.common();
    private final CompletableFuture<ExitStatus> end = new CompletableFuture<>();

    /**
     * How many send a signal just now; {@link #ENDED} is added when it has ended. It is reaped when none of them is
     * left, for from then on its number may be that of another process.
     */
    private final AtomicInteger signalling = new AtomicInteger();

    /**
     * Begins to watch it.
     *
     * @param pidfd closed when it has ended
     * @param leader whether it leads a process group
     */
    NativeProcess(ProcessHandle handle, FileDescriptor pidfd, boolean leader) {
        this.pid = (int) handle.pid();
        this.leader = leader;
        this.handle = handle;
        this.pidfd = new EpollHandle(pidfd, bits -> reap(), this::reap);
        loop.execute(() -> this.pidfd.register(loop, EpollIoOps.EPOLLIN));
    }

    /** Loop only. */
    private void reap() {
        if (end.isDone()) {
            return;
        }
        if (signalling.updateAndGet(count -> count | ENDED) != ENDED) {
            lookAgainIn(KEPT_MILLIS);
            return;
        }
        try {
            int status = Libc.waitpid(pid, Libc.WNOHANG);
            if (status < 0) {
                lookAgain();
            } else {
                ended(ExitStatus.ofWaitStatus(status));
            }
        } catch (IOException e) {
            log.warn("[pid {}] somebody else has reaped it, how it ended is not known", pid, e);
            ended(ExitStatus.ofWaitStatus(UNKNOWN_CODE << 8));
        }
    }

    /** It has not ended: the descriptor could not be watched. */
    private void lookAgain() {
        signalling.set(0);
        lookAgainIn(LOOK_AGAIN_MILLIS);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // looks again, nothing more
    private void lookAgainIn(long millis) {
        loop.schedule(this::reap, millis, TimeUnit.MILLISECONDS);
    }

    private void ended(ExitStatus status) {
        pidfd.release();
        end.complete(status);
    }

    @Override
    public ProcessHandle handle() {
        return handle;
    }

    @Override
    public boolean isAlive() {
        return signalling.get() >= 0;
    }

    @Override
    public boolean signal(Signal signal) {
        return send(pid, signal);
    }

    @Override
    public boolean leadsGroup() {
        return leader;
    }

    @Override
    public void signalGroup(Signal signal) {
        if (leader) {
            send(-pid, signal);
        }
    }

    /**
     * The group must not be stopped and then not killed because its leader has been reaped in between: what it has left
     * behind would stay stopped for ever.
     */
    @Override
    public void killGroup(Runnable whileStopped) {
        boolean kept = leader && keep();
        try {
            if (kept) {
                kill(-pid, Signal.STOP);
            }
            whileStopped.run();
        } finally {
            if (kept) {
                kill(-pid, Signal.KILL);
                signalling.decrementAndGet();
            }
        }
    }

    private boolean send(int target, Signal signal) {
        if (!keep()) {
            return false;
        }
        try {
            return kill(target, signal);
        } finally {
            signalling.decrementAndGet();
        }
    }

    /** Prevents it from being reaped until {@link #signalling} is lowered again; false if it has ended. */
    private boolean keep() {
        int others;
        do {
            others = signalling.get();
            if (others < 0) {
                return false;
            }
        } while (!signalling.compareAndSet(others, others + 1));
        return true;
    }

    private boolean kill(int target, Signal signal) {
        try {
            Libc.kill(target, signal.number());
            return true;
        } catch (IOException e) {
            log.debug("[pid {}] got no {}", pid, signal, e);
            return false;
        }
    }

    @Override
    public boolean isInItsGroup(ProcessHandle other) {
        try {
            return leader && Libc.getpgid((int) other.pid()) == pid;
        } catch (IOException e) {
            return false; // it has ended
        }
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // never fails
    public void onExit(Consumer<ExitStatus> listener) {
        end.thenAccept(listener);
    }
}
