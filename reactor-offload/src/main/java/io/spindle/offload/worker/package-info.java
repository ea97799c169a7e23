// SPDX-License-Identifier: Apache-2.0
/**
 * Threads with an event loop of their own that talk by messages: Node's {@code worker_threads}.
 *
 * <p>Start from {@link io.spindle.offload.worker.WorkerSpec}, which describes and starts a
 * {@link io.spindle.offload.worker.Worker}. What runs in it is a {@link io.spindle.offload.worker.WorkerMain}, which gets
 * a {@link io.spindle.offload.worker.WorkerContext} with the {@link io.spindle.offload.worker.MessagePort} to its
 * parent. For one computation, {@code Worker.run(() -> …)} is enough. A
 * {@link io.spindle.offload.worker.MessageChannel} joins any two threads, a
 * {@link io.spindle.offload.worker.BroadcastChannel} all who know its name.
 */
@NullMarked
package io.spindle.offload.worker;

import org.jspecify.annotations.NullMarked;
