// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import java.util.Optional;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A running program, made by {@link Command#spawn()}, whose caller disposes it or waits for its end.
 *
 * <pre>
 *   spawn ──► output … ──► exit ──► end of output ──► close
 *                            └ a grandchild may hold the pipes far longer
 * </pre>
 * It ends with this JVM unless its command is {@linkplain Command#detached(boolean) detached}, and with the
 * {@link io.spindle.loop.EventLoop} it was spawned on, which it keeps alive until {@link #close()}.
 *
 * <p>Thread-safe. Publishers subscribed to on an event loop signal on that loop; elsewhere on
 * {@link reactor.core.scheduler.Schedulers#parallel()}. Node analogue: {@code ChildProcess}.
 *
 * @since 0.1.0
 */
public interface ChildProcess extends Disposable {

    /** Returns what it was started from. */
    Command command();

    /** Returns its process id, also after its end. */
    long pid();

    /** Returns whether the process has not ended. */
    boolean isAlive();

    /**
     * Emits how the process ended, as soon as it has, whatever its code; output may still be on its way. From the
     * first subscription on, output that nobody reads no longer stops the child, see {@link #stdout()}.
     *
     * @return replayed to late subscribers, never empty, never an error; cancel stops the waiting only
     */
    Mono<ExitStatus> exit();

    /**
     * The same as {@link #exit()}, but emits when in addition the piped outputs have ended, which a grandchild that
     * holds them open can put off.
     *
     * @return replayed to late subscribers, never empty, never an error; cancel stops the waiting only
     */
    Mono<ExitStatus> close();

    /**
     * Returns the limit of its command that it exceeded, so that it was ended: {@link ExecException.Reason#TIMEOUT} or
     * {@link ExecException.Reason#IDLE_TIMEOUT}. Known by the time that {@link #exit()} emits.
     *
     * @return empty if it exceeded none, also when it was killed for another reason
     */
    Optional<ExecException.Reason> exceededLimit();

    /**
     * Returns its standard input, to be written while it runs.
     *
     * @return always the same
     * @throws IllegalStateException if {@link Command#stdin(Input)} was not {@link Input#pipe()}
     */
    ChildInput stdin();

    /**
     * Streams the standard output. Bytes that are not requested stay in the pipe, and the child waits when that is
     * full (64 KiB on Linux).
     *
     * <p><b>Unread output:</b> as long as nobody has subscribed to this, the child likewise waits; but from the moment
     * that the other output, {@link #exit()} or {@link #close()} is subscribed to, or the process has ended, it is
     * read, so that nothing hangs. 128 KiB are then kept for a late subscriber. A child that writes more waits for one
     * a quarter of a second; then all is dropped and a late subscriber gets an {@link IllegalStateException}.
     *
     * <p><b>Cancel</b> closes the pipe: the child gets {@link Signal#PIPE} if it goes on writing.
     *
     * @return for one subscriber, who releases each buffer; an error if stdout is not piped, and a
     *     {@link java.util.concurrent.CancellationException} if this is disposed meanwhile
     */
    Flux<ByteBuf> stdout();

    /**
     * Streams the standard error, by the same rules as {@link #stdout()}.
     *
     * @return for one subscriber, who releases each buffer; an error if stderr is not piped
     */
    Flux<ByteBuf> stderr();

    /**
     * Makes it keep alive the {@link io.spindle.loop.EventLoop} that it was spawned on, as it does from its start.
     * Without effect after {@link #close()} and where it was spawned on no loop. Idempotent.
     *
     * @return this
     */
    ChildProcess ref();

    /**
     * Lets the {@link io.spindle.loop.EventLoop} that it was spawned on end although it has not; it is then killed unless
     * it is {@linkplain Command#detached(boolean) detached}. Pipes and waiting subscribers keep the loop alive all the same,
     * as in Node: send the streams elsewhere. Idempotent.
     *
     * @return this
     */
    ChildProcess unref();

    /** Returns whether it keeps the {@link io.spindle.loop.EventLoop} alive that it was spawned on. */
    boolean hasRef();

    /**
     * Sends a signal to the process alone. {@link Signal#TERM} and {@link Signal#KILL} are sent at once, others too
     * where the native engine is used, else by a short-lived program in the background.
     *
     * @param signal to be sent by its name
     * @return false, and nothing is sent, if the process has ended or the signal cannot be sent here, as most on Windows; true
     *     does not mean that it obeys
     */
    boolean kill(Signal signal);

    /**
     * Sends {@link Command#killSignal(Signal)} to the process tree, waits for {@link Command#grace()}, then kills what
     * is left of it. The descendants are those alive when it begins; where the native engine is used, those too in the
     * process group that the child leads.
     *
     * @return emits when the process has ended, at once if it has; nothing happens before subscription, and cancel
     *     stops the waiting only
     */
    Mono<ExitStatus> disposeGracefully();

    /**
     * Kills the process and its descendants and closes the pipes, now and without waiting; the outputs end with a
     * {@link java.util.concurrent.CancellationException}. Idempotent; after the end of the process it only closes the
     * pipes.
     */
    @Override
    void dispose();

    /** Returns whether {@link #dispose()} was called or the process and its output have ended. */
    @Override
    boolean isDisposed();
}
