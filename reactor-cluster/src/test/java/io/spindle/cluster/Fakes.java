// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.ChildProcess;
import io.spindle.process.ipc.Channel;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Processes and channels on which nothing ever happens. */
final class Fakes {

    private Fakes() {}

    static ChildProcess process() {
        return fake(ChildProcess.class);
    }

    static Channel channel() {
        return fake(Channel.class);
    }

    private static <T> T fake(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> nothing(method.getReturnType())));
    }

    private static @Nullable Object nothing(Class<?> type) {
        if (type == boolean.class) {
            return false;
        }
        if (type == long.class) {
            return 0L;
        }
        return type == Mono.class ? Mono.never() : type == Flux.class ? Flux.never() : null;
    }
}
