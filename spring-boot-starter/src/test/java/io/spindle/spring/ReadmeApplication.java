// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.offload.BlockingPool;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.stereotype.Service;
import reactor.core.publisher.Mono;

/** The program of the README for the starter, which a test there compares with it. */
class ReadmeApplication {

    // README: starter
    @SpringBootApplication
    static class Application {}

    @Service
    record Prices(BlockingPool pool) { // sized by spindle.offload.threads, disposed with the context

        Mono<Long> price(String product) {
            return pool.call(() -> Long.parseLong(product)); // whatever blocks
        }
    }
    // README: end
}
