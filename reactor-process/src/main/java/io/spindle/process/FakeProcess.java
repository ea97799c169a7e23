// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.nio.charset.Charset;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/** A run of a fake program: takes its steps on the loop, one after the other. */
final class FakeProcess implements Running {

    private final FakeHandle handle = new FakeHandle(this);
    private final FakeLoop loop;
    private final Scheduler scheduler;
    private final FakeProgram program;
    private final FakeCall call;
    private final FakePipe stdin;
    private final @Nullable FakePipe stdout;
    private final @Nullable FakePipe stderr;
    private volatile boolean alive = true;

    // loop only
    private final Iterator<FakeProgram.Step> steps;
    private FakeProgram.@Nullable Step current;
    private byte @Nullable [] unwritten;
    private boolean delaying;
    private boolean delayed;
    private Consumer<ExitStatus> listener = status -> {};

    /** Describes a process whose pipes are all given, or null for what it writes in vain. */
    FakeProcess(FakeEngine.Start start, FakePipe stdin, @Nullable FakePipe stdout, @Nullable FakePipe stderr) {
        this.loop = start.loop();
        this.scheduler = start.scheduler();
        this.program = start.program();
        this.call = start.call();
        this.stdin = stdin;
        this.stdout = stdout;
        this.stderr = stderr;
        steps = program.steps().iterator();
    }

    /** Begins, after the pipes have been opened. */
    @Override
    public void onExit(Consumer<ExitStatus> exited) {
        loop.execute(() -> {
            listener = exited;
            stdin.onReadable(this::run);
            listenForRoom(stdout);
            listenForRoom(stderr);
            if (alive) {
                run();
            } else {
                call.status().ifPresent(exited);
            }
        });
    }

    private void listenForRoom(@Nullable FakePipe pipe) {
        if (pipe != null) {
            pipe.onWritable(this::run);
        }
    }

    private void run() {
        while (alive) {
            if (current == null) {
                current = steps.hasNext() ? steps.next() : process -> process.end(ExitStatus.ofWaitStatus(0));
            }
            if (!current.run(this)) {
                return;
            }
            current = null;
        }
    }

    boolean writeStdout(Function<FakeCall, String> text) {
        return write(stdout, text, call.command().stdoutRules().charset());
    }

    boolean writeStderr(Function<FakeCall, String> text) {
        return call.command().stderr().isMerged()
                ? writeStdout(text)
                : write(stderr, text, call.command().stderrRules().charset());
    }

    private boolean write(@Nullable FakePipe pipe, Function<FakeCall, String> text, Charset charset) {
        if (pipe == null) {
            return true;
        }
        byte[] rest = unwritten == null ? text.apply(call).getBytes(charset) : unwritten;
        while (rest.length > 0 && pipe.room() > 0) {
            int count = Math.min(rest.length, pipe.room());
            pipe.write(Arrays.copyOf(rest, count));
            rest = Arrays.copyOfRange(rest, count, rest.length);
        }
        if (rest.length > 0 && pipe.isAbandoned()) {
            return end(ExitStatus.ofWaitStatus(Signal.PIPE.number()));
        }
        unwritten = rest.length == 0 ? null : rest;
        return rest.length == 0;
    }

    boolean readStdin() {
        byte[] chunk = stdin.read();
        while (chunk != null && chunk.length > 0) {
            chunk = stdin.read();
        }
        return chunk != null;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // goes on, nothing more
    boolean delay(Duration delay) {
        if (delayed) {
            delayed = false;
            delaying = false;
            return true;
        }
        if (!delaying) {
            delaying = true;
            loop.schedule(
                    () -> {
                        delayed = true;
                        run();
                    },
                    Durations.nanos(delay),
                    TimeUnit.NANOSECONDS);
        }
        return false;
    }

    /** Ends it, once; returns false, for nothing follows. */
    boolean end(ExitStatus status) {
        if (alive) {
            alive = false;
            call.ended(status);
            stdin.abandon();
            if (stdout != null) {
                stdout.end();
            }
            if (stderr != null) {
                stderr.end();
            }
            listener.accept(status);
        }
        return false;
    }

    @Override
    public ProcessHandle handle() {
        return handle;
    }

    @Override
    public boolean isAlive() {
        return alive;
    }

    @Override
    public boolean isOfTheSystem() {
        return false;
    }

    @Override
    public boolean signal(Signal signal) {
        if (!alive) {
            return false;
        }
        call.signalled(signal);
        if (program.endsBy(signal)) {
            loop.execute(() -> end(ExitStatus.ofWaitStatus(signal.number())));
        }
        return true;
    }

    @Override
    public void signalGroup(Signal signal) {}

    @Override
    public boolean isInItsGroup(ProcessHandle other) {
        return false;
    }

    @Override
    public void killTree() {
        signal(Signal.KILL);
    }

    @Override
    public Runnable askTree(Signal signal) {
        signal(signal);
        return this::killTree;
    }

    @Override
    public Scheduler worker() {
        return scheduler;
    }

    @Override
    public long nanoTime() {
        return loop.nanoTime();
    }
}
