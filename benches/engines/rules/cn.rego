# The rules of CAC Order 16 and PIPL art. 41 as the pack cn has them on 2026-06-01. The strictest
# outcome is looked for first. Dates and articles have no place here, and an unknown fact makes a
# rule silently undefined.
package cn

overriding if {
	input.data_collected_abroad
	not input.data_domestic_mixed
}

overriding if input.basis_contract_with_person

overriding if {
	input.data_hr
	input.basis_hr_management
}

overriding if input.basis_emergency

overriding if {
	input.exporter_free_trade_zone
	not input.data_ftz_listed
}

exempt if {
	input.data_personal
	not input.data_important
	overriding
}

is_large if input.count_ordinary_year >= 1000000

is_large if input.count_sensitive_year >= 10000

is_middle if input.count_ordinary_year >= 100000

is_middle if input.count_sensitive_year >= 1

approval if {
	input.request_foreign_authority
	not input.tool_cn_authority_approval
}

approval if {
	input.data_important
	not input.tool_cn_security_assessment
}

approval if {
	input.data_personal
	input.exporter_ciio
	not input.tool_cn_security_assessment
	not exempt
}

approval if {
	input.data_personal
	is_large
	not input.exporter_ciio
	not input.tool_cn_security_assessment
	not exempt
}

certified if {
	input.tool_cn_certification
	not input.data_important
}

mechanism if {
	input.data_personal
	is_middle
	not is_large
	not input.exporter_ciio
	not input.tool_cn_standard_contract
	not input.tool_cn_security_assessment
	not certified
	not exempt
}

obliged if input.data_personal

obliged if input.data_important

obliged if input.request_foreign_authority

outcome := "needs-authority-approval" if approval

else := "needs-mechanism" if mechanism

else := "permitted-with-obligations" if obliged

else := "permitted"
