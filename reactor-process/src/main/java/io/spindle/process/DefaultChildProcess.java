// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import io.spindle.loop.EventLoop;
import io.spindle.loop.Handle;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;

/** The life of one process, confined to the loop that serves its pipes. */
final class DefaultChildProcess implements ChildProcess {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    private final Command command;
    private final Launched launched;
    private final IoEventLoop loop;
    private final long startNanos;
    private final ExitWatch exitWatch;
    private final Sinks.One<ExitStatus> exitSink = Sinks.one();
    private final Sinks.One<ExitStatus> closeSink = Sinks.one();
    private final AtomicBoolean disposed = new AtomicBoolean();
    private final AtomicBoolean ending = new AtomicBoolean();
    private final Disposable.Swap loopEnd = Disposables.swap();
    private @Nullable Handle openOnHome;
    private List<DefaultChildProcess> stages = List.of(this); // of the pipeline that it is one of
    private volatile boolean closed;
    private volatile long endNanos;
    private final AtomicReference<@Nullable Exceeded> exceeded = new AtomicReference<>();
    private volatile @Nullable Throwable failure;
    private volatile boolean signalled; // by who holds it

    // loop only
    private @Nullable ExitStatus status;
    private int openOutputs;
    private @Nullable Duration drainLimit;
    private @Nullable ScheduledFuture<?> timer;
    private @Nullable ScheduledFuture<?> idleTimer;

    DefaultChildProcess(Command command, Launched launched, IoEventLoop loop) {
        this.command = command;
        this.launched = launched;
        this.loop = loop;
        startNanos = launched.process().nanoTime();
        exitWatch = new ExitWatch(loop, launched.process(), ended -> onLoop(() -> exited(ended)));
    }

    /**
     * Begins its life, once.
     *
     * @param home the event loop that is to live as long as this, or null
     * @throws RejectedExecutionException if its loop has ended; everything has then been undone
     */
    void begin(@Nullable EventLoop home, Context context) {
        ProcessCounters.ALL.spawned();
        try {
            LiveChildren.add(command, launched.process());
            if (home != null) {
                openOnHome = home.open("ChildProcess");
                loopEnd.update(home.onDispose().subscribe(null, null, this::homeEnded));
            }
            loop.execute(() -> open(context));
        } catch (RejectedExecutionException e) {
            disposed.set(true);
            LiveChildren.remove(launched.process());
            releaseHome();
            launched.abandon();
            ProcessCounters.ALL.ended(
                    ProcessCounters.End.KILLED, launched.process().nanoTime() - startNanos);
            throw e;
        }
        launched.process().onExit(exitWatch::tell);
    }

    /** Makes a failure of its input, and a limit that it exceeds, the end of all of these. Before {@link #begin}. */
    void isStageOf(List<DefaultChildProcess> pipeline) {
        stages = pipeline;
    }

    /** Undoes its launch, instead of {@link #begin}. Blocks. */
    void abandon() {
        disposed.set(true);
        launched.abandon();
    }

    private Stream<OutputPipe> outputs() {
        return launched.outputs();
    }

    private ProcessHandle handle() {
        return launched.process().handle();
    }

    private void homeEnded() {
        if (!command.detached()) {
            dispose();
        }
    }

    private void open(Context context) {
        outputs().forEach(pipe -> {
            openOutputs++;
            pipe.listen(() -> holdAllBut(pipe), () -> onLoop(this::outputEnded));
        });
        outputs().forEach(OutputPipe::open);
        if (launched.stdin() != null) {
            launched.stdin().start(context, error -> stages.forEach(each -> each.fail(error)));
        }
        if (!command.timeout().isZero()) {
            timer = loop.schedule(
                    () -> endBecause(Exceeded.timeout(command)),
                    Durations.nanos(command.timeout()),
                    TimeUnit.NANOSECONDS);
        }
        if (!command.idleTimeout().isZero() && outputs().findAny().isPresent()) {
            lookForSilence(Durations.nanos(command.idleTimeout()));
        }
        exitWatch.lookSeldom();
        log.debug("[pid {}] started {}", pid(), command.line().get(0));
    }

    private void lookForSilence(long afterNanos) {
        idleTimer = loop.schedule(this::endIfSilent, afterNanos, TimeUnit.NANOSECONDS);
    }

    /** One timer for all the life: what is written only notes the time. */
    private void endIfSilent() {
        long now = launched.process().nanoTime();
        long silentNanos =
                outputs().mapToLong(pipe -> now - pipe.silentSinceNanos()).min().orElse(0);
        long left = Durations.nanos(command.idleTimeout()) - Math.max(0, silentNanos);
        if (left <= 0) {
            endBecause(Exceeded.idleTimeout(command));
        } else if (!loop.isShuttingDown()) {
            lookForSilence(left);
        }
    }

    /** Runs on the loop; when that has ended, on the one that never does, for one after the other it must be. */
    private void onLoop(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            PipeLoops.common().execute(task);
        }
    }

    private void holdAllBut(@Nullable OutputPipe subscribed) {
        outputs().filter(pipe -> !pipe.equals(subscribed)).forEach(OutputPipe::hold);
    }

    private void exited(ExitStatus ended) {
        status = ended;
        LiveChildren.remove(launched.process());
        ProcessCounters.ALL.ended(endOf(ended), launched.process().nanoTime() - startNanos);
        log.debug("[pid {}] ended with {} after {}", pid(), ended, age());
        exitWatch.stop();
        stopTimer();
        if (idleTimer != null) {
            idleTimer.cancel(false);
        }
        if (launched.stdin() != null) {
            launched.stdin().close();
        }
        holdAllBut(null);
        exitSink.tryEmitValue(ended);
        if (drainLimit != null && openOutputs > 0) {
            finishAfter(drainLimit);
        }
        closeIfDone();
    }

    private ProcessCounters.End endOf(ExitStatus ended) {
        boolean asked = disposed.get() || ending.get() || exceeded.get() != null || failure != null;
        if (asked || (signalled && ended.signalNumber().isPresent())) {
            return ProcessCounters.End.KILLED;
        }
        boolean last = launched.stdout() != null || !command.stdout().isPipe();
        try {
            return Executions.succeeded(command, ended, last) ? ProcessCounters.End.EXITED : ProcessCounters.End.FAILED;
        } catch (Throwable error) { // of the user's rule: a run signals it, and the exit must be told all the same
            Exceptions.throwIfJvmFatal(error);
            return ProcessCounters.End.FAILED;
        }
    }

    private void finishAfter(Duration limit) {
        if (loop.isShuttingDown()) {
            outputs().forEach(OutputPipe::finish);
        } else {
            timer = loop.schedule(
                    () -> outputs().forEach(OutputPipe::finish), Durations.nanos(limit), TimeUnit.NANOSECONDS);
        }
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void outputEnded() {
        openOutputs--;
        if (openOutputs == 0 && status == null) {
            exitWatch.lookOften();
        }
        closeIfDone();
    }

    private void closeIfDone() {
        if (status != null && openOutputs == 0 && !closed) {
            endNanos = launched.process().nanoTime();
            closed = true;
            stopTimer();
            closeSink.tryEmitValue(status);
            onLoop(this::releaseHome); // after the subscribers of close
        }
    }

    private void releaseHome() {
        loopEnd.dispose();
        if (openOnHome != null) {
            openOnHome.dispose();
        }
    }

    /** Ends outputs that others hold open, this long after the end of the process. Any thread. */
    void limitOutput(Duration limit) {
        onLoop(() -> {
            drainLimit = limit;
            if (status != null && openOutputs > 0) {
                stopTimer();
                finishAfter(limit);
            }
        });
    }

    /** Lets it write to outputs that are cancelled, if it is to be asked before it is killed. Any thread. */
    void drainWhenCancelled() {
        if (command.cancelGracefully()) {
            onLoop(() -> outputs().forEach(OutputPipe::drainWhenCancelled));
        }
    }

    /**
     * Asks the tree to end, and remembers why; the first reason stays. So do the other stages of its pipeline, for one that
     * writes nothing would not notice. Any thread.
     */
    void endBecause(Exceeded limit) {
        exceeded.compareAndSet(null, limit);
        stages.forEach(each -> each.endBecauseOfAStage(limit));
    }

    private void endBecauseOfAStage(Exceeded limit) {
        signalled = true;
        if (limit.isGentle()) {
            disposeGracefully().subscribe();
        } else {
            killTree();
        }
    }

    /** Ends it because the publisher of its input failed, or that of a pipeline it is part of. Any thread. */
    void fail(Throwable error) {
        failure = error;
        end(error, () -> {});
    }

    @Nullable
    Exceeded exceeded() {
        return exceeded.get();
    }

    @Override
    public Optional<ExecException.Reason> exceededLimit() {
        return Optional.ofNullable(exceeded.get()).map(Exceeded::reason);
    }

    /** The error of the stdin publisher. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Whether it left some of its input. After its end. */
    boolean isInputCut() {
        InputPipe stdin = launched.stdin();
        return stdin != null && stdin.isCut();
    }

    @Nullable
    OutputPipe stdoutPipe() {
        return launched.stdout();
    }

    @Nullable
    OutputPipe stderrPipe() {
        return launched.stderr();
    }

    /** As {@link #close()}, on the loop of the pipes. */
    Mono<ExitStatus> closed() {
        return closeSink.asMono();
    }

    /** As {@link #exit()}, on the loop of the pipes, and without a say about output that nobody reads. */
    Mono<ExitStatus> ended() {
        return exitSink.asMono();
    }

    /** Returns the time from its start to its close, or until now. */
    Duration age() {
        return Duration.ofNanos((closed ? endNanos : launched.process().nanoTime()) - startNanos);
    }

    /** From now on, what nobody reads does not stop the child. Any thread. */
    void holdUnread() {
        onLoop(() -> holdAllBut(null));
    }

    @Override
    public Command command() {
        return command;
    }

    @Override
    public long pid() {
        return handle().pid();
    }

    @Override
    public boolean isAlive() {
        return launched.process().isAlive();
    }

    @Override
    public Mono<ExitStatus> exit() {
        return watched(exitSink);
    }

    @Override
    public Mono<ExitStatus> close() {
        return watched(closeSink);
    }

    private Mono<ExitStatus> watched(Sinks.One<ExitStatus> sink) {
        return Homecoming.bring(sink.asMono().doOnSubscribe(subscription -> holdUnread()));
    }

    @Override
    public ChildInput stdin() {
        if (launched.stdin() != null && launched.stdin().publisher() instanceof ChildInput written) {
            return written;
        }
        throw new IllegalStateException("stdin of " + command + " is not Input.pipe()");
    }

    @Override
    public Flux<ByteBuf> stdout() {
        return published(launched.stdout(), "stdout");
    }

    @Override
    public Flux<ByteBuf> stderr() {
        return published(launched.stderr(), "stderr");
    }

    private Flux<ByteBuf> published(@Nullable OutputPipe pipe, String name) {
        return pipe == null
                ? Flux.error(() -> new IllegalStateException(name + " of " + command + " is not piped"))
                : Homecoming.bringLarge(home -> home.netty().equals(loop), pipe);
    }

    @Override
    public ChildProcess ref() {
        if (openOnHome != null) {
            openOnHome.ref();
        }
        return this;
    }

    @Override
    public ChildProcess unref() {
        if (openOnHome != null) {
            openOnHome.unref();
        }
        return this;
    }

    @Override
    public boolean hasRef() {
        return openOnHome != null && openOnHome.hasRef() && !closed;
    }

    @Override
    public boolean kill(Signal signal) {
        Objects.requireNonNull(signal, "signal");
        signalled = true;
        return launched.process().signal(signal);
    }

    @Override
    public Mono<ExitStatus> disposeGracefully() {
        return Mono.defer(() -> {
            if (isAlive() && ending.compareAndSet(false, true)) {
                launched.process().worker().schedule(this::askThenKill);
            }
            return exit();
        });
    }

    private void askThenKill() {
        Runnable kill = launched.process().askTree(command.killSignal());
        escalate(command.escalations(), command.grace(), kill);
    }

    /** What is left after the grace gets the next signal, or is killed. */
    private void escalate(List<CommandDraft.Escalation> next, Duration grace, Runnable kill) {
        Running process = launched.process();
        Runnable step = kill;
        if (!next.isEmpty()) {
            step = () -> {
                Runnable killNewer = process.askTree(next.get(0).signal());
                escalate(next.subList(1, next.size()), next.get(0).grace(), () -> {
                    kill.run();
                    killNewer.run();
                });
            };
        }
        process.worker().schedule(step, Durations.nanos(grace), TimeUnit.NANOSECONDS);
    }

    /** Ends it because nobody wants its results any more. */
    void cancel() {
        if (command.cancelGracefully()) {
            disposeGracefully().subscribe();
        } else {
            dispose();
        }
    }

    private void killTree() {
        Running process = launched.process();
        process.worker().schedule(process::killTree);
    }

    @Override
    public void dispose() {
        dispose(() -> {});
    }

    /** The same, and what is to be closed with the pipes. */
    void dispose(Runnable close) {
        if (disposed.compareAndSet(false, true)) {
            end(new CancellationException("the process was disposed: " + command), close);
        } else if (isAlive()) {
            launched.process().worker().schedule(close); // behind the kill that is on its way
        } else {
            close.run();
        }
    }

    /** The kill goes first: a process that ends by itself, for its pipes are closed, leaves its descendants behind. */
    private void end(Throwable why, Runnable close) {
        if (!isAlive()) {
            closePipes(why);
            close.run();
            return;
        }
        outputs().forEach(pipe -> pipe.failAtEnd(why)); // the kill may end them before we do
        Running process = launched.process();
        process.worker().schedule(() -> {
            try {
                process.killTree();
            } finally {
                closePipes(why);
                close.run();
            }
        });
    }

    private void closePipes(Throwable why) {
        onLoop(() -> {
            if (launched.stdin() != null) {
                launched.stdin().close();
            }
            outputs().forEach(pipe -> pipe.close(why));
        });
    }

    @Override
    public boolean isDisposed() {
        return disposed.get() || closed;
    }

    @Override
    public String toString() {
        return "ChildProcess[pid " + pid() + ", " + command + "]";
    }
}
