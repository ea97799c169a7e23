// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.spindle.offload.TaskCall;
import io.spindle.offload.TaskFailedException;
import io.spindle.offload.WorkerLostException;
import io.spindle.offload.WorkerLostException.Reason;
import io.spindle.offload.WorkerPlace;
import io.spindle.process.TaskMessages.Order;
import io.spindle.process.TaskMessages.Outcome;
import io.spindle.process.ipc.ChannelClosedException;
import io.spindle.process.ipc.ChannelProtocolException;
import io.spindle.process.ipc.Message;
import io.spindle.process.ipc.RequestFailedException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** A worker JVM that runs the tasks of one thread of a pool, one at a time. On that thread only. */
final class ProcessPlace implements WorkerPlace {

    private static final Logger log = LoggerFactory.getLogger(ProcessPlace.class);

    /** By which a JVM that was told to exit when it is out of memory does so, without its hooks. */
    private static final int OUT_OF_MEMORY_CODE = 3;

    private static final Set<Signal> ASKS_TO_END = Set.of(Signal.HUP, Signal.INT, Signal.TERM);

    private static final Set<Signal> OF_A_CRASH =
            Set.of(Signal.ABRT, Signal.SEGV, Signal.BUS, Signal.ILL, Signal.FPE, Signal.TRAP, Signal.SYS);

    private final String worker;
    private final DefaultForkedProcess child;
    private final LossPause pause;
    private long orders;
    private volatile long asked; // to stop: the number of the order
    private boolean given; // up: it is killed or has ended

    ProcessPlace(String worker, DefaultForkedProcess child, LossPause pause) {
        this.worker = worker;
        this.child = child;
        this.pause = pause;
        log.debug("[{}] pid {} started", worker, child.pid());
    }

    @Override
    public <T> @Nullable T run(Callable<? extends @Nullable T> task, Mono<Void> stop) throws Exception {
        if (!(task instanceof TaskCall<?, ? extends @Nullable T> call)) {
            throw new IllegalArgumentException("only the class of a Task can be run in another process, was " + task);
        }
        long number = ++orders;
        Order<?> order = new Order<>(number, call.task().getName(), call.input());
        CompletableFuture<@Nullable Message> answer =
                child.channel().request(TaskMessages.RUN, order).toFuture();
        Disposable asking = stop.subscribe(null, null, () -> ask(number));
        try {
            Outcome<T> outcome = TaskMessages.outcome(call.task(), Objects.requireNonNull(answer.get()));
            pause.worked();
            if (outcome.failure() != null) {
                throw outcome.failure().exception();
            }
            return outcome.value();
        } catch (InterruptedException e) { // it was asked and had its grace
            kill();
            throw e;
        } catch (ExecutionException e) {
            Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
            if (asked == number && isLoss(cause)) {
                kill();
                throw new InterruptedException("worker " + worker + " ended when it was asked to stop " + call);
            }
            throw error(call, cause);
        } finally {
            asking.dispose();
        }
    }

    /** Any thread. */
    private void ask(long number) {
        asked = number;
        child.channel().request(TaskMessages.STOP, number).subscribe(null, error -> {}); // it is gone, or will be
    }

    private Exception error(TaskCall<?, ?> call, Throwable cause) throws InterruptedException {
        if (isLoss(cause)) {
            return lost(call, cause);
        }
        if (cause instanceof RequestFailedException unanswered) { // its value cannot be written, for example
            return new TaskFailedException(unanswered.getClass().getName(), unanswered.getMessage(), unanswered);
        }
        return cause instanceof Exception other ? other : new IllegalStateException(cause); // the input, for example
    }

    private static boolean isLoss(Throwable cause) {
        return cause instanceof ChannelClosedException || cause instanceof ChannelProtocolException;
    }

    private WorkerLostException lost(TaskCall<?, ?> call, Throwable cause) throws InterruptedException {
        boolean saidGoodbye = child.channel().isDisconnected();
        ExitStatus status = awaitExit();
        kill();
        pause.lost();
        if (status == null) {
            return lost("closed its channel and was killed", call, Reason.UNKNOWN, -1, cause);
        }
        Reason reason = reason(status, saidGoodbye);
        String how =
                reason == Reason.OUT_OF_MEMORY ? "ran out of memory (more by -Xmx in jvmArgs)" : "ended with " + status;
        return lost(how, call, reason, status.code(), cause);
    }

    private WorkerLostException lost(String how, TaskCall<?, ?> call, Reason reason, int code, Throwable cause) {
        return new WorkerLostException(
                "worker " + worker + " (pid " + child.pid() + ") " + how + " under " + call, reason, code, cause);
    }

    /** A JVM that crashes aborts, or exits with 1 if it may leave no core. */
    private static Reason reason(ExitStatus status, boolean saidGoodbye) {
        Optional<Signal> signal = ExitStatus.ofShellCode(status.code()).signal(); // a JVM exits with it after a TERM
        if (saidGoodbye) { // none that KILL or a crash has ended does
            return signal.filter(ASKS_TO_END::contains).isPresent() ? Reason.KILLED : Reason.EXITED;
        }
        if (signal.isPresent() || status.signalNumber().isPresent()) {
            return signal.filter(OF_A_CRASH::contains).isPresent() ? Reason.CRASHED : Reason.KILLED;
        }
        return status.code() == OUT_OF_MEMORY_CODE ? Reason.OUT_OF_MEMORY : Reason.CRASHED;
    }

    private @Nullable ExitStatus awaitExit() throws InterruptedException {
        try {
            return child.exit().toFuture().get(ProcessPlaces.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            kill();
            throw e;
        } catch (ExecutionException | TimeoutException e) {
            return null;
        }
    }

    /** Its channel ends with it: if we closed that, it might believe for a moment that we had died, and say so. */
    private void kill() {
        given = true;
        child.process().dispose();
    }

    @Override
    public boolean isUsable() {
        return !given
                && child.isAlive()
                && !child.channel().isDisconnected()
                && !child.channel().isDisposed();
    }

    /** Asks it to end, kills it after the grace or if this thread is interrupted, and waits until it has ended. */
    @Override
    public void close() {
        boolean interrupted = !given && isInterruptedWhileItEnds();
        kill();
        interrupted |= Thread.interrupted();
        try {
            awaitExit();
        } catch (InterruptedException e) { // once more: it is dead, if not yet gone
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        log.debug("[{}] pid {} ended", worker, child.pid());
    }

    private boolean isInterruptedWhileItEnds() {
        try {
            child.disposeGracefully().toFuture().get();
        } catch (InterruptedException e) {
            return true;
        } catch (ExecutionException e) {
            log.debug("[{}] pid {} did not end in good order", worker, child.pid(), e);
        }
        return false;
    }
}
