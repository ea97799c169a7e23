// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An immutable description of a {@link Worker}: what it runs, its name, its data and how many messages may wait.
 *
 * <p>Each method returns a new description; {@link #start()} brings it to life, any number of times.
 *
 * @param <I> what the worker receives
 * @param <O> what the worker sends
 * @since 0.1.0
 */
public final class WorkerSpec<I, O> {

    static final int DEFAULT_QUEUE_CAPACITY = 65_536;

    private final WorkerMain<I, O> main;
    private final @Nullable String name;
    private final @Nullable Object workerData;
    private final int queueCapacity;
    private final @Nullable MessageCodec<I> inCodec;
    private final @Nullable MessageCodec<O> outCodec;

    private WorkerSpec(
            WorkerMain<I, O> main,
            @Nullable String name,
            @Nullable Object workerData,
            int queueCapacity,
            @Nullable MessageCodec<I> inCodec,
            @Nullable MessageCodec<O> outCodec) {
        this.main = main;
        this.name = name;
        this.workerData = workerData;
        this.queueCapacity = queueCapacity;
        this.inCodec = inCodec;
        this.outCodec = outCodec;
    }

    /**
     * Describes a worker that runs a function.
     *
     * @param main called once for each start, on the worker's loop
     */
    public static <I, O> WorkerSpec<I, O> of(WorkerMain<I, O> main) {
        return new WorkerSpec<>(Objects.requireNonNull(main, "main"), null, null, DEFAULT_QUEUE_CAPACITY, null, null);
    }

    /**
     * Describes a worker that runs a class: a new instance for each start, made on the worker's loop, so that its
     * fields belong to that worker alone.
     *
     * @param main has a constructor without parameters; it may be private
     */
    public static <I, O> WorkerSpec<I, O> of(Class<? extends WorkerMain<I, O>> main) {
        Objects.requireNonNull(main, "main");
        return of(context -> {
            var constructor = main.getDeclaredConstructor();
            constructor.setAccessible(true);
            constructor.newInstance().start(context);
        });
    }

    /**
     * Sets the name of the worker and of its thread.
     *
     * @param name not empty. Default: {@code worker-} and its thread id
     */
    public WorkerSpec<I, O> name(String name) {
        if (Objects.requireNonNull(name, "name").isEmpty()) {
            throw new IllegalArgumentException("name must not be empty: it is the name of the worker's thread");
        }
        return new WorkerSpec<>(main, name, workerData, queueCapacity, inCodec, outCodec);
    }

    /**
     * Sets the data of the worker, which it gets by {@link WorkerContext#workerData(Class)}.
     *
     * @param workerData passed by reference: immutable, or not touched any more, or a copy, see
     *     {@link MessageCodec#copy}. Default: none
     */
    public WorkerSpec<I, O> workerData(Object workerData) {
        return new WorkerSpec<>(
                main, name, Objects.requireNonNull(workerData, "workerData"), queueCapacity, inCodec, outCodec);
    }

    /**
     * Sets how many messages may wait in each direction before {@code postMessage} refuses and {@code send} waits.
     *
     * @param queueCapacity 1 or more. Default: 65,536
     */
    public WorkerSpec<I, O> queueCapacity(int queueCapacity) {
        return new WorkerSpec<>(main, name, workerData, checkQueueCapacity(queueCapacity), inCodec, outCodec);
    }

    /**
     * Lets messages be copied, requests and their answers too. By default they pass by reference.
     *
     * @param sent copies what the worker receives
     * @param received copies what the worker sends
     */
    public WorkerSpec<I, O> codecs(MessageCodec<I> sent, MessageCodec<O> received) {
        return new WorkerSpec<>(
                main,
                name,
                workerData,
                queueCapacity,
                Objects.requireNonNull(sent, "sent"),
                Objects.requireNonNull(received, "received"));
    }

    static int checkQueueCapacity(int queueCapacity) {
        if (queueCapacity < 1) {
            throw new IllegalArgumentException("queueCapacity must be 1 or more, was " + queueCapacity);
        }
        return queueCapacity;
    }

    /** Returns how many messages may wait in each direction. */
    public int queueCapacity() {
        return queueCapacity;
    }

    /**
     * Starts a worker. Does not wait for it.
     *
     * @return a running worker, on daemon threads; it ends by itself or by {@link Worker#terminate()}
     */
    public Worker<I, O> start() {
        return new DefaultWorker<>(this).launch();
    }

    WorkerMain<I, O> main() {
        return main;
    }

    String nameOr(String otherwise) {
        return name == null ? otherwise : name;
    }

    EntangledPort<I, O> port(String worker) {
        return EntangledPort.toWorker(worker, queueCapacity, inCodec, outCodec);
    }

    @Nullable
    Object data() {
        return workerData;
    }
}
