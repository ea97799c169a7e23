// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.netty.util.ReferenceCountUtil;
import io.netty.util.ReferenceCounted;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The handle of its one owner to something that must be released, such as a {@code ByteBuf}: to hand that over to
 * another thread, send {@link #transfer()}, which makes this handle unusable. A worker that ends releases those that it
 * was sent and did not receive; for the ports of a {@link MessageChannel}, whoever closes them polls what is left. What
 * is asked by {@link MessagePort#request} passes to the port at the subscription, which releases it if no handler takes
 * it, and an answer if nobody waits for it any more.
 *
 * <p>Node analogue: the transfer list of {@code postMessage}. There a failed call moves nothing; here what
 * {@code postMessage} refuses stays with the caller, in the new handle.
 *
 * <p>Thread-safe, in so far as exactly one of several that transfer, take and dispose succeeds. It cannot know who kept
 * the bare value.
 *
 * @param <T> what is owned
 * @since 0.1.0
 */
public final class Owned<T> implements Disposable {

    private final Class<?> type;
    private final Consumer<? super T> release;
    private final AtomicReference<@Nullable T> value;

    private Owned(T value, Class<?> type, Consumer<? super T> release) {
        this.type = type;
        this.release = release;
        this.value = new AtomicReference<>(value);
    }

    /** Releases a message that nobody receives any more, or tells the hook of {@code context} about it. */
    static void release(Object message, Context context) {
        if (message instanceof Owned<?> owned) {
            owned.dispose();
        } else {
            Operators.onDiscard(message, context);
        }
    }

    /**
     * Owns something with a reference count.
     *
     * @param value the caller's reference to it, which passes to the handle
     */
    public static <T extends ReferenceCounted> Owned<T> of(T value) {
        return of(value, ReferenceCountUtil::release);
    }

    /**
     * Owns anything.
     *
     * @param value the caller's, which passes to the handle
     * @param release called by {@link #dispose()}
     */
    public static <T> Owned<T> of(T value, Consumer<? super T> release) {
        Objects.requireNonNull(value, "value");
        return new Owned<>(value, value.getClass(), Objects.requireNonNull(release, "release"));
    }

    /**
     * Returns what is owned, which stays owned by this handle.
     *
     * @throws IllegalStateException if it was transferred, taken or disposed
     */
    public T get() {
        return checkOwned(value.get());
    }

    /**
     * Moves what is owned to a new handle. This one is unusable from now on.
     *
     * @return the new handle, to be sent
     * @throws IllegalStateException if it was transferred, taken or disposed
     */
    public Owned<T> transfer() {
        return new Owned<>(take(), type, release);
    }

    /**
     * Returns what is owned, which is the caller's to release from now on. This handle is unusable then.
     *
     * @throws IllegalStateException if it was transferred, taken or disposed
     */
    public T take() {
        return checkOwned(value.getAndSet(null));
    }

    private T checkOwned(@Nullable T present) {
        if (present == null) {
            throw new IllegalStateException(this + " is not owned by this handle any more");
        }
        return present;
    }

    /** Releases what is owned, if it still is. Idempotent. */
    @Override
    public void dispose() {
        T present = value.getAndSet(null);
        if (present != null) {
            release.accept(present);
        }
    }

    /** Returns whether nothing is owned any more: it was transferred, taken or disposed. */
    @Override
    public boolean isDisposed() {
        return value.get() == null;
    }

    @Override
    public String toString() {
        return "Owned(" + type.getSimpleName() + ")";
    }
}
