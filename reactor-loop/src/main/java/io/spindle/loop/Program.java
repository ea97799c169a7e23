// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Schedulers;

/**
 * What makes a loop a program: its script, its exit hook and how it ends, as in Node. Loop only, but before the loop's
 * thread starts and after it has ended.
 */
final class Program {

    private static final int UNCAUGHT_EXIT_CODE = 1;

    private final EventLoopSpec spec;
    private @Nullable Consumer<? super EventLoop> script;
    private boolean exiting;
    private boolean inExitHook;
    private int exitCode;
    private @Nullable Throwable failure;

    Program(EventLoopSpec spec, Consumer<? super EventLoop> script) {
        this.spec = spec;
        this.script = script;
    }

    static void refuseToBlock() {
        if (Schedulers.isInNonBlockingThread()) {
            throw new IllegalStateException("EventLoop.run blocks until its program has ended, and the thread "
                    + Thread.currentThread().getName()
                    + " must not block; on a loop, start the work on the loop that is there: EventLoop.current()");
        }
    }

    /** Takes the script, which is run once. */
    Consumer<? super EventLoop> takeScript() {
        Consumer<? super EventLoop> taken = script;
        assert taken != null;
        script = null; // what it has captured may go
        return taken;
    }

    boolean isExiting() {
        return exiting;
    }

    boolean isInExitHook() {
        return inExitHook;
    }

    /** Nothing is left to do; the microtasks of the hook still run. */
    void finish(Runnable microtasks) {
        exiting = true;
        runExitHook();
        inExitHook = true;
        microtasks.run();
        inExitHook = false;
    }

    /** Asks it to end; the first call decides, but one in the exit hook changes the code. Returns whether to end now. */
    boolean exit(int code) {
        if (inExitHook) {
            exitCode = code;
            return false;
        }
        if (!exiting) {
            exiting = true;
            exitCode = code;
            runExitHook();
        }
        return true;
    }

    /** Ends it because nobody caught an error. The failure of a handler skips the hook. */
    void fail(Throwable uncaught, boolean handlerFailed) {
        if (exiting) { // in a microtask of the hook
            failed(uncaught);
            return;
        }
        exiting = true;
        failed(uncaught);
        if (!handlerFailed) {
            runExitHook();
        }
    }

    private void failed(Throwable error) {
        exitCode = UNCAUGHT_EXIT_CODE;
        if (failure == null) {
            failure = error;
        } else if (!failure.equals(error)) {
            failure.addSuppressed(error);
        }
    }

    private void runExitHook() {
        IntConsumer hook = spec.exitHook();
        if (hook == null) {
            return;
        }
        inExitHook = true;
        try {
            hook.accept(exitCode);
        } catch (Throwable error) {
            failed(error);
        } finally {
            inExitHook = false;
        }
    }

    /**
     * Returns the exit code; after the end.
     *
     * @throws RuntimeException or whatever nobody caught
     */
    int result() {
        if (failure != null) {
            throw Exceptions.propagate(failure);
        }
        return exitCode;
    }

    /** Signals the same; an error that is fatal to Reactor is thrown past no subscriber. */
    void settle(MonoSink<Integer> sink) {
        if (failure != null) {
            sink.error(failure);
        } else {
            sink.success(exitCode);
        }
    }

    /** Tells where it was started, in the trace of what nobody caught. */
    void addCaller() {
        if (failure != null) {
            failure.addSuppressed(new Exception("EventLoop.run was called here"));
        }
    }
}
