// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.service;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** {@code java -jar webflux-service.jar}, or with {@code --spindle.cluster.workers=auto} in as many processes as fit. */
@SpringBootApplication
public class ServiceApplication {

    /** Starts the service. */
    public static void main(String[] args) {
        SpringApplication.run(ServiceApplication.class, args);
    }
}
