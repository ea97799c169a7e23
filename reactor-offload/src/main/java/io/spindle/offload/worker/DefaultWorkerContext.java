// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import org.jspecify.annotations.Nullable;

/** What a worker's code sees of its worker. */
record DefaultWorkerContext<I, O>(
        EventLoop loop,
        String name,
        int threadId,
        MessagePort<O, I> parentPort,
        @Nullable Object data) implements WorkerContext<I, O> {

    @Override
    public <D> D workerData(Class<D> type) {
        if (data == null) {
            throw new IllegalStateException("worker " + name + " was started without workerData");
        }
        return type.cast(data);
    }

    @Override
    public void exit(int code) {
        loop.exit(code);
    }
}
