// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What a client of the control socket is told.
 *
 * @param lines whole lines, requested one by one; on any thread
 * @param isEndless it may take them as slowly as it likes
 */
record AdminReply(Flux<byte[]> lines, boolean isEndless) {

    static AdminReply of(Mono<byte[]> line) {
        return new AdminReply(line.flux(), false);
    }
}
